using Ranking.Features.Rows;

namespace Ranking.Features.Examples;

/// <summary>A <see cref="FeatureVector"/> in the making: every column is written once, by whoever knows it.</summary>
public sealed class FeatureDraft(FeaturePlan plan)
{
    static readonly string[] NoIds = [];
    readonly string[][] ids = Empty(plan.Layout.IdColumns);

    /// <summary>The dense numbers.</summary>
    public float[] Numbers { get; } = new float[plan.Layout.NumberWidth];

    /// <summary>The numbers of a column.</summary>
    public Span<float> NumbersOf(FeatureColumn column) => Numbers.AsSpan(column.Index, column.Width);

    /// <summary>The ids of a column.</summary>
    public string[] this[FeatureColumn column]
    {
        get => ids[column.Index];
        set => ids[column.Index] = value;
    }

    /// <summary>A copy that goes on from here: a request's part is computed once and completed for each candidate.</summary>
    public FeatureDraft Clone()
    {
        var copy = new FeatureDraft(plan);
        Numbers.CopyTo(copy.Numbers.AsSpan());
        ids.CopyTo(copy.ids.AsSpan());
        return copy;
    }

    /// <summary>Copies an owner's columns from another draft.</summary>
    public void Copy(FeatureDraft from, OwnerPlan owner)
    {
        foreach (ColumnPlan column in owner.Columns)
        {
            if (column.Column.IsIds) this[column.Column] = from[column.Column];
            else from.NumbersOf(column.Column).CopyTo(NumbersOf(column.Column));
        }
    }

    /// <summary>Copies a column from a finished vector.</summary>
    public void Copy(FeatureVector from, FeatureColumn column)
    {
        if (column.IsIds) this[column] = from.IdsOf(column.Index).ToArray();
        else from.Numbers.AsSpan(column.Index, column.Width).CopyTo(NumbersOf(column));
    }

    /// <summary>The finished vector.</summary>
    public FeatureVector Build()
    {
        var offsets = new int[ids.Length + 1];
        for (int i = 0; i < ids.Length; i++) offsets[i + 1] = offsets[i] + ids[i].Length;
        var flat = new string[offsets[^1]];
        for (int i = 0; i < ids.Length; i++) ids[i].CopyTo(flat.AsSpan(offsets[i]));
        return new(Numbers, flat, offsets);
    }

    /// <summary>Writes the columns that an owner knows: its answer to a question.</summary>
    public void Write(PackedWriter writer, OwnerPlan owner)
    {
        foreach (ColumnPlan column in owner.Columns)
        {
            if (column.Column.IsIds)
            {
                string[] of = this[column.Column];
                writer.UInt((ulong)of.Length);
                foreach (string id in of) writer.Text(id);
            }
            else foreach (float number in NumbersOf(column.Column)) writer.Float(number);
        }
    }

    /// <summary>Reads an owner's answer.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public void Read(ref PackedReader reader, OwnerPlan owner)
    {
        foreach (ColumnPlan column in owner.Columns)
        {
            if (column.Column.IsIds)
            {
                int n = reader.Count();
                string[] of = n == 0 ? NoIds : new string[n];
                for (int i = 0; i < n; i++) of[i] = reader.Text() ?? throw new InvalidDataException("an answer's id is null");
                this[column.Column] = of;
            }
            else foreach (ref float number in NumbersOf(column.Column)) number = reader.Float();
        }
    }

    static string[][] Empty(int columns)
    {
        var empty = new string[columns][];
        Array.Fill(empty, NoIds);
        return empty;
    }
}
