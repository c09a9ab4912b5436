using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>
/// The dense tensors of a model by name, in the order in which they were added: parameters, which are trained, and buffers
/// (running statistics), which are only stored. It owns them; networks hold references and never replace a tensor.
/// </summary>
/// <remarks>A new tensor is a function of (seed, name), so that adding one layer does not change how another starts.</remarks>
public sealed class ParameterSet : IDisposable
{
    readonly Dictionary<string, Tensor> byName = [];
    readonly List<string> parameterNames = [], bufferNames = [];

    /// <summary>An empty set.</summary>
    /// <param name="seed">Of the initial values.</param>
    /// <param name="type">float32 for training; float64 in tests; bf16 on a GPU.</param>
    /// <param name="device">Where the tensors live; the CPU unless told.</param>
    public ParameterSet(ulong seed, ScalarType type = ScalarType.Float32, Device? device = null)
    {
        Seed = seed;
        Type = type;
        Device = device ?? CPU;
    }

    /// <summary>Seed of the initial values.</summary>
    public ulong Seed { get; }

    /// <summary>Element type of every tensor.</summary>
    public ScalarType Type { get; }

    /// <summary>Where the tensors live.</summary>
    public Device Device { get; }

    /// <summary>Names of the trained tensors, in order.</summary>
    public IReadOnlyList<string> ParameterNames => parameterNames;

    /// <summary>Names of the stored tensors that no gradient reaches, in order.</summary>
    public IReadOnlyList<string> BufferNames => bufferNames;

    /// <summary>Names of all tensors: parameters, then buffers.</summary>
    public IEnumerable<string> Names => parameterNames.Concat(bufferNames);

    /// <summary>The trained tensors, in order.</summary>
    public IEnumerable<Tensor> Parameters => parameterNames.Select(n => byName[n]);

    /// <summary>How many numbers are trained.</summary>
    public long ParameterCount => Parameters.Sum(p => p.numel());

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Tensor this[string name] => byName.TryGetValue(name, out Tensor? found) ? found
        : throw new KeyNotFoundException($"the model has no tensor '{name}'; it has {string.Join(", ", byName.Keys)}");

    /// <summary>Adds a trained tensor.</summary>
    public Tensor Add(string name, Initial initial, params long[] shape)
    {
        Tensor tensor = Create(name, initial, shape).requires_grad_(true);
        parameterNames.Add(name);
        return tensor;
    }

    /// <summary>Adds a tensor that is stored but not trained.</summary>
    public Tensor AddBuffer(string name, Initial initial, params long[] shape)
    {
        Tensor tensor = Create(name, initial, shape);
        bufferNames.Add(name);
        return tensor;
    }

    /// <summary>Overwrites a tensor's values in place.</summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public void Set(string name, Tensor values)
    {
        Tensor target = this[name];
        if (!target.shape.SequenceEqual(values.shape))
            throw new ArgumentException($"tensor '{name}': found shape [{string.Join(", ", values.shape)}], expected [{string.Join(", ", target.shape)}]");
        using IDisposable _ = no_grad();
        target.copy_(values);
    }

    /// <summary>A copy of a tensor's numbers, row-major, as float32.</summary>
    public float[] ToArray(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        return this[name].detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in byName.Values) tensor.Dispose();
        byName.Clear();
    }

    Tensor Create(string name, Initial initial, long[] shape)
    {
        if (byName.ContainsKey(name)) throw new ArgumentException($"the model has two tensors named '{name}'");
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        // Drawn on the CPU in float32, whatever the type and the device: the same start everywhere.
        using Generator generator = new(StableHash.Of(name, Seed), CPU);
        Tensor tensor = initial.Fill(empty(shape, ScalarType.Float32), generator).to(Type).to(Device).DetachFromDisposeScope();
        byName.Add(name, tensor);
        return tensor;
    }
}
