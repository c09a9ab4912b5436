using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;

namespace Ranking.Mbat.Benchmarks;

/// <summary>One leaf, drawn from its hash, bound by a warm key and added, at D 1024, against adding 1,024 floats.</summary>
public class LeafBenchmarks
{
    private const int Dimension = 1024;
    private readonly float[] _target = new float[Dimension];
    private readonly float[] _source = new float[Dimension];
    private readonly ulong[] _bits = new ulong[Dimension / 64];
    private Frames _permutation = null!;
    private Frames _butterfly = null!;
    private ulong _hash;

    [GlobalSetup]
    public void Setup()
    {
        _permutation = new EncoderContext(new MbatSettings { Dimension = Dimension }).NewFrames();
        _permutation.EnterKey(1);
        _butterfly = new EncoderContext(new MbatSettings { Dimension = Dimension, Keys = KeyKind.Butterfly }).NewFrames();
    }

    [Benchmark(Baseline = true)]
    public void Vector_add()
    {
        ref float target = ref _target[0];
        ref float source = ref _source[0];
        for (nuint i = 0; i < Dimension; i += 16)
            (Vector512.LoadUnsafe(ref target, i) + Vector512.LoadUnsafe(ref source, i)).StoreUnsafe(ref target, i);
    }

    [Benchmark]
    public void Permutation_leaf()
    {
        Bits.Draw(++_hash, _bits);
        _permutation.Add(_bits, 4096);
    }

    /// <summary>A leaf under a key of its own, the key entered and left.</summary>
    [Benchmark]
    public void Permutation_key_and_leaf()
    {
        _permutation.EnterKey(2);
        Bits.Draw(++_hash, _bits);
        _permutation.Add(_bits, 4096);
        _permutation.Leave();
    }

    [Benchmark]
    public void Butterfly_key_and_leaf()
    {
        _butterfly.EnterKey(2);
        Bits.Draw(++_hash, _bits);
        _butterfly.Add(_bits, 4096);
        _butterfly.Leave();
    }
}
