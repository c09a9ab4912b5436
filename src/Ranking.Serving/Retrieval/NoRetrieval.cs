using System.Text.Json;

namespace Ranking.Serving.Retrieval;

/// <summary>Where nothing can be searched, and why.</summary>
internal sealed class NoRetrieval(string why) : IRetriever
{
    public string? Unavailable => why;

    public int Dimension => 0;

    public float[] Encode(JsonElement document) => throw new InvalidOperationException(why);

    public Task<IReadOnlyList<Near>> NearVectorAsync(ReadOnlyMemory<float> vector, int k, string? filter) => throw new InvalidOperationException(why);

    public Task<IReadOnlyList<Near>?> NearItemAsync(string id, int k, string? filter) => throw new InvalidOperationException(why);
}
