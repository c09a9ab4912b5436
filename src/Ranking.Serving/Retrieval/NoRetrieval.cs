using System.Text.Json;
using Ranking.Mbat;
using Ranking.Store.Vectors;

namespace Ranking.Serving.Retrieval;

/// <summary>Where nothing can be searched, and why.</summary>
internal sealed class NoRetrieval(string why) : IRetriever
{
    public string? Unavailable => why;

    public int Dimension => 0;

    public Task<Retrieved<Neighbour>> NearDocumentAsync(JsonElement document, int k, VectorFilter? filter) => throw new InvalidOperationException(why);

    public Task<Retrieved<Neighbour>> NearVectorAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter) => throw new InvalidOperationException(why);

    public Task<Retrieved<Neighbour>> NearItemAsync(string id, int k, VectorFilter? filter) => throw new InvalidOperationException(why);

    public Task<Retrieved<string>> CandidatesAsync(string id, int k) => throw new InvalidOperationException(why);
}
