using System.Text.Json;
using Ranking.Mbat;
using Ranking.Store.Vectors;

namespace Ranking.Serving.Retrieval;

/// <summary>Finds items whose documents' vectors are near.</summary>
internal interface IRetriever
{
    /// <summary>Why there is no retrieval at all, whatever Redis says; null where there may be.</summary>
    string? Unavailable { get; }

    /// <summary>Numbers of a vector of the spec's encoder, which is what a request's are.</summary>
    int Dimension { get; }

    /// <summary>The nearest to a document, nearest first, by the encoder that made the vectors which count now.</summary>
    Task<Retrieved<Neighbour>> NearDocumentAsync(JsonElement document, int k, VectorFilter? filter);

    /// <summary>The nearest to a vector of the spec's encoder, nearest first.</summary>
    Task<Retrieved<Neighbour>> NearVectorAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter);

    /// <summary>The nearest to an item, itself left out.</summary>
    Task<Retrieved<Neighbour>> NearItemAsync(string id, int k, VectorFilter? filter);

    /// <summary>Ids of the nearest to an item, itself left out, in one round trip.</summary>
    Task<Retrieved<string>> CandidatesAsync(string id, int k);
}
