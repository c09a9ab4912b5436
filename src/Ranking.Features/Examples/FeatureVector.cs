using Ranking.Features.Rows;

namespace Ranking.Features.Examples;

/// <summary>All features of one (user, item) at one time, as a <see cref="FeatureLayout"/> lays them out.</summary>
/// <param name="Numbers">Dense numbers, <see cref="FeatureLayout.NumberWidth"/> of them.</param>
/// <param name="Ids">The ids of all id columns, one after another; UTF-8 of 1 to 512 bytes each.</param>
/// <param name="IdOffsets">Column c has ids [IdOffsets[c], IdOffsets[c + 1]); none means missing. Length: number of id columns + 1.</param>
public sealed record FeatureVector(float[] Numbers, string[] Ids, int[] IdOffsets)
{
    /// <summary>The ids of one id column.</summary>
    public ReadOnlySpan<string> IdsOf(int column) => Ids.AsSpan(IdOffsets[column]..IdOffsets[column + 1]);

    /// <summary>Writes all of it.</summary>
    public void Write(PackedWriter writer)
    {
        writer.UInt((ulong)Numbers.Length);
        foreach (float number in Numbers) writer.Float(number);
        writer.UInt((ulong)IdOffsets.Length - 1);
        for (int c = 0; c + 1 < IdOffsets.Length; c++)
        {
            ReadOnlySpan<string> ids = IdsOf(c);
            writer.UInt((ulong)ids.Length);
            foreach (string id in ids) writer.Text(id);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of another layout.</exception>
    public static FeatureVector Read(ReadOnlySpan<byte> packed, FeatureLayout layout)
    {
        var reader = new PackedReader(packed);
        var numbers = new float[reader.Count()];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = reader.Float();
        var offsets = new int[reader.Count() + 1];
        var ids = new List<string>();
        for (int c = 0; c + 1 < offsets.Length; c++)
        {
            for (int n = reader.Count(); n > 0; n--) ids.Add(reader.Text() ?? throw new InvalidDataException("an id of packed features is null"));
            offsets[c + 1] = ids.Count;
        }
        if (numbers.Length != layout.NumberWidth || offsets.Length != layout.IdColumns + 1 || !reader.Rest.IsEmpty)
            throw new InvalidDataException($"packed features have {numbers.Length} numbers, {offsets.Length - 1} id columns and {reader.Rest.Length} bytes more; {layout.NumberWidth}, {layout.IdColumns} and none were expected");
        return new(numbers, [.. ids], offsets);
    }

    /// <summary>Whether a column is the same in another vector, bit for bit.</summary>
    public bool SameColumn(FeatureVector other, FeatureColumn column) => column.IsIds
        ? IdsOf(column.Index).SequenceEqual(other.IdsOf(column.Index))
        : System.Runtime.InteropServices.MemoryMarshal.AsBytes(Numbers.AsSpan(column.Index, column.Width))
            .SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(other.Numbers.AsSpan(column.Index, column.Width)));

    /// <summary>Whether two vectors are the same, bit for bit.</summary>
    public bool Equals(FeatureVector? other) => other is not null
        && System.Runtime.InteropServices.MemoryMarshal.AsBytes(Numbers.AsSpan()).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(other.Numbers.AsSpan()))
        && Ids.AsSpan().SequenceEqual(other.Ids) && IdOffsets.AsSpan().SequenceEqual(other.IdOffsets);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Numbers.Length, Ids.Length, Ids.Length > 0 ? Ids[0] : null);
}
