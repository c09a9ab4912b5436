using System.Runtime.InteropServices;
using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Mbat;
using Ranking.Serving.Limits;
using Ranking.Store.Vectors;

namespace Ranking.Serving.Retrieval;

/// <summary>
/// Searches the vectors of the items' documents. Every search asks in the same trip with which settings they were made: those of another
/// encoder are not compared.
/// </summary>
internal sealed class VectorRetrieval(IVectorSearch vectors, MbatEncoder encoder) : IRetriever
{
    public string? Unavailable => null;

    public int Dimension => encoder.Dimension;

    public float[] Encode(JsonElement document)
    {
        var vector_D = new float[encoder.Dimension];
        encoder.Encode(JsonMarshal.GetRawUtf8Value(document), vector_D);
        return vector_D;
    }

    public Task<Retrieved<Neighbour>> NearVectorAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter) =>
        SearchAsync(async () => await vectors.SimilarAsync(vector_D, k, filter).ConfigureAwait(false));

    public Task<Retrieved<Neighbour>> NearItemAsync(string id, int k, VectorFilter? filter) => SearchAsync(() => vectors.SimilarAsync(id, k, filter));

    public Task<Retrieved<string>> CandidatesAsync(string id, int k) => SearchAsync(() => vectors.NearestAsync(id, k));

    async Task<Retrieved<T>> SearchAsync<T>(Func<Task<T[]?>> search)
    {
        Task<string?> settings = vectors.SettingsAsync();
        Task<T[]?> found = search();
        try
        {
            if (await settings.ConfigureAwait(false) is { } made && made != encoder.SettingsHash)
            {
                RedisGuard.Observe(found); // of vectors of another dimension, perhaps
                return new(null, $"the vectors were made with encoder settings {made}, the spec's are {encoder.SettingsHash}: make them again with this spec");
            }
            return new(await found.ConfigureAwait(false));
        }
        catch (RankingException e) when (e.Error == ErrorCodes.NoVectorSets)
        {
            return new(null, e.Message);
        }
    }
}
