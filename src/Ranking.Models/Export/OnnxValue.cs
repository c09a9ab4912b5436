using Tensor = TorchSharp.torch.Tensor;

namespace Ranking.Models.Export;

/// <summary>
/// A value in an ONNX graph, with the operations of torch's tensors that our networks use, under their names: what a layer does in
/// torch and what it exports read alike. float32 unless said.
/// </summary>
readonly record struct OnnxValue(OnnxGraph Graph, string Name)
{
    public static OnnxValue operator +(OnnxValue a, OnnxValue b) => a.Node("Add", b);

    public static OnnxValue operator -(OnnxValue a, OnnxValue b) => a.Node("Sub", b);

    public static OnnxValue operator *(OnnxValue a, OnnxValue b) => a.Node("Mul", b);

    public static OnnxValue operator /(OnnxValue a, OnnxValue b) => a.Node("Div", b);

    public static OnnxValue operator +(OnnxValue a, Tensor weight) => a + a.Graph.Weight(weight);

    public static OnnxValue operator -(OnnxValue a, Tensor weight) => a - a.Graph.Weight(weight);

    public static OnnxValue operator *(OnnxValue a, Tensor weight) => a * a.Graph.Weight(weight);

    public static OnnxValue operator +(OnnxValue a, double b) => a + a.Graph.Constant((float)b);

    public static OnnxValue operator *(OnnxValue a, double b) => a * a.Graph.Constant((float)b);

    /// <summary>The product of matrices, a batch of them where there are more dimensions.</summary>
    public OnnxValue MatMul(OnnxValue b) => Node("MatMul", b);

    /// <summary>The product with a weight.</summary>
    public OnnxValue MatMul(Tensor weight) => MatMul(Graph.Weight(weight));

    public OnnxValue Sigmoid() => Node("Sigmoid");

    public OnnxValue Relu() => Node("Relu");

    public OnnxValue Silu() => this * Sigmoid();

    /// <summary>The exact one: x / 2 · (1 + erf(x / √2)).</summary>
    public OnnxValue Gelu() => this * 0.5 * ((this * (1 / Math.Sqrt(2))).Node("Erf") + 1);

    /// <summary>1 / √x.</summary>
    public OnnxValue Rsqrt() => Node("Sqrt").Node("Reciprocal");

    public OnnxValue Softmax() => Graph.Node("Softmax", [this], ("axis", -1));

    /// <summary>Of whole numbers too.</summary>
    public OnnxValue AtLeast(OnnxValue least) => Node("Max", least);

    /// <summary>1 where whole numbers are at least 0, else 0.</summary>
    public OnnxValue IsThere() => Graph.Node("Cast", [Node("Greater", Graph.Constant([-1], scalar: true))], ("to", (int)global::Onnx.TensorProto.Types.DataType.Float));

    /// <summary>Another shape; 0 keeps the dimension at its place, −1 is what remains.</summary>
    public OnnxValue Reshape(params ReadOnlySpan<long> shape) => Node("Reshape", Graph.Constant(shape));

    public OnnxValue Permute(params long[] order) => Graph.Node("Transpose", [this], ("perm", order));

    public OnnxValue Unsqueeze(int dimension) => Node("Unsqueeze", Graph.Constant([dimension]));

    public OnnxValue Squeeze(int dimension) => Node("Squeeze", Graph.Constant([dimension]));

    public OnnxValue Mean(int dimension, bool keep = false) => Graph.Node("ReduceMean", [this], ("axes", (long[])[dimension]), ("keepdims", keep ? 1 : 0));

    public OnnxValue Sum(int dimension, bool keep = false) => Graph.Node("ReduceSum", [this, Graph.Constant([dimension])], ("keepdims", keep ? 1 : 0));

    /// <summary>A stretch of a dimension.</summary>
    public OnnxValue Narrow(int dimension, long start, long length) =>
        Graph.Node("Slice", [this, Graph.Constant([start]), Graph.Constant([start + length]), Graph.Constant([dimension])]);

    /// <summary>Zeros after the last number of [B, F].</summary>
    public OnnxValue PadEnd(long zeros) => Node("Pad", Graph.Constant([0, 0, 0, zeros]));

    /// <summary>Entries of a dimension.</summary>
    public OnnxValue Take(int dimension, OnnxValue entries) => Graph.Node("Gather", [this, entries], ("axis", dimension));

    /// <summary>The k largest of the last dimension, and which these were (whole numbers).</summary>
    public (OnnxValue Values, OnnxValue Entries) TopK(int k) =>
        Graph.Nodes("TopK", [this, Graph.Constant([k])], 2, ("axis", -1)) is [var values, var entries] ? (values, entries) : default;

    /// <summary>Of whole numbers: a new last dimension, 1 at the number and 0 elsewhere.</summary>
    public OnnxValue OneHot(long size)
    {
        OnnxValue zeroOne = Cat(0, [Graph.Constant(0f).Unsqueeze(0), Graph.Constant(1f).Unsqueeze(0)]);
        return Graph.Node("OneHot", [this, Graph.Constant([size], scalar: true), zeroOne], ("axis", -1));
    }

    /// <summary>LayerNorm over the last dimension.</summary>
    public OnnxValue LayerNorm(Tensor weight, Tensor bias, double epsilon = 1e-5) =>
        Graph.Node("LayerNormalization", [this, Graph.Weight(weight), Graph.Weight(bias)], ("axis", -1), ("epsilon", (float)epsilon));

    /// <summary>Values beside each other.</summary>
    public static OnnxValue Cat(int dimension, params ReadOnlySpan<OnnxValue> values) => values.Length == 1 ? values[0] : values[0].Graph.Node("Concat", values, ("axis", dimension));

    /// <summary>Values along a new dimension.</summary>
    public static OnnxValue Stack(int dimension, IEnumerable<OnnxValue> values) => Cat(dimension, [.. values.Select(v => v.Unsqueeze(dimension))]);

    OnnxValue Node(string operation, params ReadOnlySpan<OnnxValue> others) => Graph.Node(operation, [this, .. others]);
}
