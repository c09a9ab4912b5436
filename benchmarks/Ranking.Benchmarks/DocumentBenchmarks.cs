using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Rows;
using Ranking.Mbat;

namespace Ranking.Benchmarks;

/// <summary>
/// A video's document as the pipeline meets it: parsed, its features' fields read, and as an MBAT vector of the spec's dimension.
/// Other corpora and dimensions: Ranking.Mbat.Benchmarks.
/// </summary>
public class DocumentBenchmarks
{
    private const int Count = 1_000;
    private readonly float[] _vector = new float[KuaiRand.Plan.Mbat.Dimension];
    private readonly MbatEncoder _encoder = new(KuaiRand.Plan.Mbat);
    private DocumentReader _reader = null!;
    private byte[][] _documents = [];

    [GlobalSetup]
    public void Setup()
    {
        OwnerPlan items = KuaiRand.Plan.Owner("item")!;
        _reader = new DocumentReader(items.Document, KuaiRand.Plan.Mbat);
        _documents = [.. KuaiRand.Events(0).OfType<EntityDocument>().Where(d => d.Kind == "item").Take(Count).Select(d => d.Json!)];
        Console.WriteLine($"// {_documents.Length} documents, {_documents.Average(d => d.Length):F0} bytes each, {items.Document.Length} fields, dimension {_vector.Length}");
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public void JsonDocument_Parse()
    {
        foreach (byte[] document in _documents)
            JsonDocument.Parse(document).Dispose();
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void Fields()
    {
        foreach (byte[] document in _documents)
            _reader.Read(document);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void Mbat()
    {
        foreach (byte[] document in _documents)
            _encoder.Encode(document, _vector);
    }
}
