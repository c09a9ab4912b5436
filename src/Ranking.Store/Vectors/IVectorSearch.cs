using Ranking.Mbat;

namespace Ranking.Store.Vectors;

/// <summary>
/// One encoder's vectors of documents that can be searched, wherever they lie: a vector set in Redis (<see cref="VectorStore"/>) or a file
/// in memory (<see cref="FileVectors"/>). The same filters run on both. Safe for concurrent use.
/// </summary>
public interface IVectorSearch
{
    /// <summary>Most neighbours of one search.</summary>
    const int MaxNeighbours = 10_000;

    /// <summary>D.</summary>
    int Dimension { get; }

    /// <summary>Number of vectors.</summary>
    Task<long> CountAsync();

    /// <summary>The unit vector of an id; null if there is none.</summary>
    Task<float[]?> VectorAsync(string id);

    /// <summary>Ids of the k nearest, nearest first.</summary>
    /// <param name="vector_D">The query; need not be a unit vector.</param>
    /// <param name="k">How many, 1 to <see cref="MaxNeighbours"/>.</param>
    /// <param name="filter">Which count; null for all.</param>
    /// <exception cref="ArgumentException">A vector of another dimension, zero or not finite; k out of range.</exception>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002, RNK3004: the server is away, refuses or has no vector sets.</exception>
    Task<string[]> NearestAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter = null);

    /// <summary>Ids of the k nearest to an id, itself left out; null if it has no vector.</summary>
    Task<string[]?> NearestAsync(string id, int k, VectorFilter? filter = null);

    /// <summary>The k nearest with their similarities, nearest first.</summary>
    Task<Neighbour[]> SimilarAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter = null);

    /// <summary>The k nearest to an id, itself left out, with similarities; null if it has no vector.</summary>
    Task<Neighbour[]?> SimilarAsync(string id, int k, VectorFilter? filter = null);

    /// <summary>The k nearest of each of several vectors.</summary>
    /// <param name="vectors_ND">N × D floats.</param>
    /// <param name="k">How many of each.</param>
    /// <param name="filter">Which count; null for all.</param>
    Task<Neighbour[][]> SimilarBatchAsync(ReadOnlyMemory<float> vectors_ND, int k, VectorFilter? filter = null);
}
