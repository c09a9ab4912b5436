using System.Runtime.InteropServices;
using System.Text.Json;
using Ranking.Mbat;
using Ranking.Store;
using Ranking.Store.Vectors;
using Neighbour = Ranking.Store.Vectors.Neighbour;

namespace Ranking.Serving.Retrieval;

/// <summary>
/// Searches the vector set of the items' documents. Every search asks in the same trip with which settings the vectors were made: those
/// of another encoder are not compared.
/// </summary>
internal sealed class VectorRetrieval(StoreConnection store, MbatEncoder encoder) : IRetriever
{
    readonly VectorStore vectors = new(store, VectorStore.SearchedKind, encoder.Dimension);

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
        if (!(await store.AbilitiesAsync().ConfigureAwait(false)).VectorSets)
            return new(null, "the Redis server has no vector sets (VADD, VSIM): expected Redis 8 or newer, or the embedded server");
        Task<string?> settings = vectors.SettingsAsync();
        Task<T[]?> found = search();
        await Task.WhenAll(settings, found).ConfigureAwait(false);
        return await settings.ConfigureAwait(false) is { } made && made != encoder.SettingsHash
            ? new(null, $"the vectors in Redis were made with encoder settings {made}, the spec's are {encoder.SettingsHash}: run the pipeline with this spec, in a namespace of its own")
            : new(await found.ConfigureAwait(false));
    }
}
