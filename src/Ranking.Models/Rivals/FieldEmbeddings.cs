using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Rivals;

/// <summary>
/// The input as fields of one width, which factorisation models need: an embedding of that width is a field as it is, another width
/// and numbers are projected. A feature that several groups name is one field. Letters: B examples, M fields, D their width.
/// </summary>
sealed class FieldEmbeddings
{
    readonly InputSpan[] fields;
    readonly int skip;
    readonly Tensor?[] projections;

    /// <param name="parameters">The model's tensors.</param>
    /// <param name="name">Of the projections.</param>
    /// <param name="input">Where the columns lie.</param>
    /// <param name="skip">Numbers of each embedding that come before the vector (the linear weights of fm).</param>
    /// <param name="projection">How projections start; Xavier by default.</param>
    public FieldEmbeddings(ParameterSet parameters, string name, InputShape input, int skip = 0, Initial? projection = null)
    {
        this.skip = skip;
        fields = [.. input.Columns.DistinctBy(c => c.Name)];
        int[] widths = [.. fields.Where(f => f.IsIds).Select(f => f.Width - skip)];
        Width = widths.Length > 0 ? widths.Max() : 8;
        projections = [.. fields.Select(f => Input(f) == Width && f.IsIds ? null : parameters.Add($"{name}.{f.Name}", projection ?? Initial.Xavier(), Input(f), Width))];
    }

    /// <summary>D: the widest embedding.</summary>
    public int Width { get; }

    /// <summary>M.</summary>
    public int Count => fields.Length;

    /// <summary>[B, M, D].</summary>
    public Tensor Forward(Tensor x_BF)
    {
        Tensor[] all = new Tensor[fields.Length];
        for (int i = 0; i < all.Length; i++)
        {
            Tensor own = x_BF.narrow(1, fields[i].Offset + (fields[i].IsIds ? skip : 0), Input(fields[i]));
            all[i] = projections[i] is { } projection ? own.mm(projection) : own;
        }
        return stack(all, 1);
    }

    public OnnxValue Export(OnnxValue x_BF) => OnnxValue.Stack(1, fields.Select((field, i) =>
    {
        OnnxValue own = x_BF.Narrow(1, field.Offset + (field.IsIds ? skip : 0), Input(field));
        return projections[i] is { } projection ? own.MatMul(projection) : own;
    }));

    int Input(InputSpan field) => field.IsIds ? field.Width - skip : field.Width;
}
