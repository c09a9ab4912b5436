using Ranking.Mbat;

namespace Ranking.Store.Vectors;

/// <summary>
/// Where vectors that can be searched lie, while the encoder's settings may change under the searches: each search runs on the vectors
/// of one encoder, which are all there. Safe for concurrent use.
/// </summary>
public interface IVectorHome
{
    /// <summary>Searches the vectors that count now.</summary>
    /// <param name="search">Searches, with the encoder that the vectors were made by; may be called again when that has changed meanwhile.</param>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002, RNK3004: the server is away, refuses or has no vector sets.</exception>
    Task<T> SearchAsync<T>(Func<IVectorSearch, MbatEncoder, Task<T>> search);

    /// <summary>Searches the vectors that an encoder has made, whether they count now or lie beside those that do.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="search">Searches.</param>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK6003: there are none, or not all yet; RNK3001, RNK3002, RNK3004 as above.</exception>
    Task<T> SearchMadeByAsync<T>(MbatEncoder encoder, Func<IVectorSearch, Task<T>> search);
}
