namespace Ranking.Models.Networks;

/// <summary>A stretch of the input vector.</summary>
/// <param name="Name">Of the column or the group.</param>
/// <param name="Offset">First number.</param>
/// <param name="Width">How many numbers.</param>
/// <param name="IsIds">Of a column: whether they are an embedding, not numbers as they came.</param>
public sealed record InputSpan(string Name, int Offset, int Width, bool IsIds = false);

/// <summary>Where each column and each group lies in the input vector [F]: group after group, in a group column after column.</summary>
/// <param name="Groups">The groups, in order and without gaps.</param>
/// <param name="Columns">The columns of all groups, in order and without gaps.</param>
public sealed record InputShape(IReadOnlyList<InputSpan> Groups, IReadOnlyList<InputSpan> Columns)
{
    /// <summary>F: how many numbers an example is.</summary>
    public int Width => Groups[^1].Offset + Groups[^1].Width;

    /// <summary>Groups of given widths, each of one column.</summary>
    public static InputShape OfGroups(IReadOnlyList<int> widths)
    {
        int offset = 0;
        List<InputSpan> spans = [];
        foreach (int width in widths)
        {
            spans.Add(new InputSpan($"group{spans.Count}", offset, width));
            offset += width;
        }
        return new InputShape(spans, spans);
    }
}
