using Google.Protobuf;
using Onnx;
using Ranking.Models.Networks;
using static Onnx.AttributeProto.Types;
using static Onnx.TensorProto.Types;
using Tensor = TorchSharp.torch.Tensor;

namespace Ranking.Models.Export;

/// <summary>
/// An ONNX graph that grows node by node. Weights are not copied into it: they are initialisers that point into the safetensors files
/// beside it (ONNX's external data), so that nothing is stored twice and no model is too large for a protobuf message.
/// </summary>
sealed class OnnxGraph
{
    /// <summary>Of the operators: the newest that Debian's python3-onnx 1.12 checks, and the first with LayerNormalization.</summary>
    public const int Opset = 17;

    const int IrVersion = 8;
    readonly GraphProto graph = new();
    readonly Dictionary<Tensor, string> names = new(ReferenceEqualityComparer.Instance);
    readonly IReadOnlyDictionary<string, StoredTensor> stored;
    readonly HashSet<string> initialisers = new(StringComparer.Ordinal);
    int values;

    /// <summary>An empty graph of a model's tensors.</summary>
    /// <param name="name">Of the model.</param>
    /// <param name="parameters">Its dense tensors.</param>
    /// <param name="stored">Where each tensor lies that the graph may read.</param>
    public OnnxGraph(string name, ParameterSet parameters, IReadOnlyDictionary<string, StoredTensor> stored)
    {
        graph.Name = name;
        this.stored = stored;
        foreach (string tensor in parameters.Names) names.Add(parameters[tensor], WeightOf(tensor));
    }

    /// <summary>The name under which a dense tensor is stored and stands in the graph: no feature is called so.</summary>
    public static string WeightOf(string tensor) => $"weight/{tensor}";

    /// <summary>A dense tensor of the model.</summary>
    public OnnxValue Weight(Tensor tensor) => Stored(names[tensor]);

    /// <summary>A tensor of one of the files.</summary>
    public OnnxValue Stored(string name)
    {
        if (!initialisers.Add(name)) return new OnnxValue(this, name);
        StoredTensor place = stored[name];
        TensorProto tensor = new() { Name = name, DataType = (int)DataType.Float, DataLocation = DataLocation.External };
        tensor.Dims.Add(place.Shape);
        foreach ((string key, object value) in (ReadOnlySpan<(string, object)>)[("location", place.File), ("offset", place.Offset), ("length", place.Bytes)])
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = FormattableString.Invariant($"{value}") });
        graph.Initializer.Add(tensor);
        return new OnnxValue(this, name);
    }

    /// <summary>A constant scalar.</summary>
    public OnnxValue Constant(float value) => Constant(new TensorProto { DataType = (int)DataType.Float, FloatData = { value } });

    /// <summary>Constant whole numbers: a vector, or a scalar.</summary>
    public OnnxValue Constant(ReadOnlySpan<long> numbers, bool scalar = false)
    {
        TensorProto tensor = new() { DataType = (int)DataType.Int64 };
        foreach (long number in numbers) tensor.Int64Data.Add(number);
        if (!scalar) tensor.Dims.Add(numbers.Length);
        return Constant(tensor);
    }

    /// <summary>What the caller gives; −1 is a dimension of the batch's examples, −2 one of a list's members.</summary>
    public OnnxValue Input(string name, bool ids, params ReadOnlySpan<long> shape)
    {
        graph.Input.Add(Described(name, ids ? DataType.Int64 : DataType.Float, shape));
        return new OnnxValue(this, name);
    }

    /// <summary>What the caller gets, float32.</summary>
    public void Output(string name, OnnxValue value, params ReadOnlySpan<long> shape)
    {
        graph.Node.Add(new NodeProto { OpType = "Identity", Input = { value.Name }, Output = { name } });
        graph.Output.Add(Described(name, DataType.Float, shape));
    }

    /// <summary>Adds a node of one output.</summary>
    public OnnxValue Node(string operation, ReadOnlySpan<OnnxValue> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        Nodes(operation, inputs, 1, attributes)[0];

    /// <summary>Adds a node.</summary>
    public OnnxValue[] Nodes(string operation, ReadOnlySpan<OnnxValue> inputs, int outputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        NodeProto node = new() { OpType = operation };
        foreach (OnnxValue input in inputs) node.Input.Add(input.Name);
        foreach ((string name, object value) in attributes)
        {
            node.Attribute.Add(value switch
            {
                int number => new AttributeProto { Name = name, Type = AttributeType.Int, I = number },
                float number => new AttributeProto { Name = name, Type = AttributeType.Float, F = number },
                _ => new AttributeProto { Name = name, Type = AttributeType.Ints, Ints = { (long[])value } },
            });
        }
        OnnxValue[] made = [.. Enumerable.Range(0, outputs).Select(_ => Made())];
        node.Output.AddRange(made.Select(o => o.Name));
        graph.Node.Add(node);
        return made;
    }

    /// <summary>Writes the model.</summary>
    public void Write(string path)
    {
        ModelProto model = new() { IrVersion = IrVersion, ProducerName = "ranking", Graph = graph, OpsetImport = { new OperatorSetIdProto { Domain = "", Version = Opset } } };
        using FileStream file = File.Create(path);
        model.WriteTo(file);
        file.Flush(flushToDisk: true);
    }

    OnnxValue Constant(TensorProto tensor)
    {
        OnnxValue made = Made();
        tensor.Name = made.Name;
        graph.Initializer.Add(tensor);
        return made;
    }

    // A colon stands in no name of a tensor or feature of ours.
    OnnxValue Made() => new(this, $":{++values}");

    static ValueInfoProto Described(string name, DataType type, ReadOnlySpan<long> shape)
    {
        TensorShapeProto dimensions = new();
        foreach (long size in shape)
            dimensions.Dim.Add(size >= 0 ? new TensorShapeProto.Types.Dimension { DimValue = size } : new TensorShapeProto.Types.Dimension { DimParam = size == -1 ? "batch" : $"{name}.members" });
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = dimensions } } };
    }
}

/// <summary>Where a float32 tensor lies.</summary>
/// <param name="File">Name of the file, beside the graph.</param>
/// <param name="Offset">Its first byte there.</param>
/// <param name="Shape">Row-major.</param>
sealed record StoredTensor(string File, long Offset, IReadOnlyList<long> Shape)
{
    /// <summary>How many bytes it takes.</summary>
    public long Bytes => Shape.Aggregate(4L, (bytes, size) => bytes * size);
}
