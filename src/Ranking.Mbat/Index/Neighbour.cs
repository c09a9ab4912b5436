namespace Ranking.Mbat;

/// <summary>A vector that a search found.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Similarity">Cosine with the query, from the stored floats.</param>
public readonly record struct Neighbour(string Id, float Similarity);

/// <summary>How a search reads the vectors.</summary>
public enum SearchMode
{
    /// <summary>All floats: the true neighbours.</summary>
    Exact,

    /// <summary>All vectors in 8 bits, a quarter of the memory, then the best of them again in floats.</summary>
    Int8,
}
