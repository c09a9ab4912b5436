using System.Runtime.InteropServices;
using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Mbat;
using Ranking.Store.Vectors;

namespace Ranking.Serving.Retrieval;

/// <summary>
/// Searches the vectors of the items' documents that count now, whichever encoder made them: documents are encoded by that one. Only a
/// request's own vector is of the spec's encoder, and is compared with vectors of that one alone.
/// </summary>
internal sealed class VectorRetrieval(IVectorHome vectors, MbatEncoder encoder) : IRetriever
{
    public string? Unavailable => null;

    public int Dimension => encoder.Dimension;

    public Task<Retrieved<Neighbour>> NearDocumentAsync(JsonElement document, int k, VectorFilter? filter) => GuardAsync(() => vectors.SearchAsync(async (search, by) =>
    {
        var vector_D = new float[by.Dimension];
        try
        {
            by.Encode(JsonMarshal.GetRawUtf8Value(document), vector_D);
        }
        catch (MbatFormatException e)
        {
            return new Retrieved<Neighbour>(null, Refused: e.Message);
        }
        return vector_D.AsSpan().ContainsAnyExcept(0f)
            ? new Retrieved<Neighbour>(await search.SimilarAsync(vector_D, k, filter).ConfigureAwait(false))
            : new Retrieved<Neighbour>(null, Refused: "no value in it counts");
    }));

    public Task<Retrieved<Neighbour>> NearVectorAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter) => GuardAsync(() =>
        vectors.SearchMadeByAsync(encoder, async search => new Retrieved<Neighbour>(await search.SimilarAsync(vector_D, k, filter).ConfigureAwait(false))));

    public Task<Retrieved<Neighbour>> NearItemAsync(string id, int k, VectorFilter? filter) => GuardAsync(() =>
        vectors.SearchAsync(async (search, _) => new Retrieved<Neighbour>(await search.SimilarAsync(id, k, filter).ConfigureAwait(false))));

    public Task<Retrieved<string>> CandidatesAsync(string id, int k) => GuardAsync(() =>
        vectors.SearchAsync(async (search, _) => new Retrieved<string>(await search.NearestAsync(id, k).ConfigureAwait(false))));

    static async Task<Retrieved<T>> GuardAsync<T>(Func<Task<Retrieved<T>>> search)
    {
        try
        {
            return await search().ConfigureAwait(false);
        }
        catch (RankingException e) when (e.Error == ErrorCodes.NoVectorSets || e.Error == ErrorCodes.EncoderDiffers)
        {
            return new(null, e.Message);
        }
    }
}
