namespace Ranking.Features.Rows;

/// <summary>A field of a document that some feature needs.</summary>
/// <param name="Path">Its path, dots going into objects; null for a vector of the whole document.</param>
/// <param name="Kind">What it is read as.</param>
/// <param name="Size">The most ids of a list or of an object, or the numbers of a vector.</param>
public sealed record DocumentField(string? Path, DocumentFieldKind Kind, int Size = 1);

/// <summary>What a document's field is read as.</summary>
public enum DocumentFieldKind
{
    /// <summary>One id: text, or the decimal text of a number.</summary>
    Id,
    /// <summary>A number.</summary>
    Number,
    /// <summary>A list of ids.</summary>
    Ids,
    /// <summary>A number for each of some ids: an object of numbers.</summary>
    NumbersById,
    /// <summary>The MBAT vector of the whole document.</summary>
    Vector,
}
