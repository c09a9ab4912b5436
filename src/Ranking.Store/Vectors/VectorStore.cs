using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Ranking.Features.Errors;
using Ranking.Mbat;
using StackExchange.Redis;

namespace Ranking.Store.Vectors;

/// <summary>
/// The documents of one entity kind as one encoder's unit vectors in a vector set, over the commands that Garnet and Redis 8 share. What Garnet does
/// otherwise (measured on 2.2.8): VADD leaves a present element's vector as it was, so an update is VREM and VADD in one batch; VADD
/// inside MULTI never answers; scores are squared distances, Redis's are (1 + cosine) / 2, so similarities are computed here; FILTER-EF
/// is a factor of 4 to 256, and is left out; EF must be at least k. Vectors are stored unquantised. Safe for concurrent use.
/// </summary>
public sealed class VectorStore : IVectorSearch
{
    /// <summary>The entity kind whose documents are searched.</summary>
    public const string SearchedKind = "item";

    const int LeastExploration = 200;
    const int LeastFilteredExploration = 1_000; // with 200, Garnet found 19 of 25 elements that a filter left of 1,000

    readonly StoreConnection _store;
    readonly RedisKey _set;

    /// <summary>Vectors of an entity kind, made by one encoder.</summary>
    /// <param name="store">The server.</param>
    /// <param name="kind">Entity kind.</param>
    /// <param name="settings">Hash of the encoder's settings.</param>
    /// <param name="dimension">D, the number of floats of every vector.</param>
    public VectorStore(StoreConnection store, string kind, string settings, int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        (_store, _set, Dimension, Kind) = (store, store.Keys.Vectors(kind, settings), dimension, kind);
    }

    /// <summary>Entity kind.</summary>
    public string Kind { get; }

    /// <summary>D.</summary>
    public int Dimension { get; }

    /// <summary>Adds or replaces elements; their vectors are normalised. Between the two commands of a replacement it is not found.</summary>
    /// <exception cref="ArgumentException">A vector has another dimension, is zero or not finite.</exception>
    /// <exception cref="RankingException">RNK3001, RNK3002, or RNK3004 where the server has no vector sets.</exception>
    public async Task PutAsync(IReadOnlyList<VectorDocument> documents)
    {
        byte[][] units = [.. documents.Select(d => Unit(d.Id, d.Vector))]; // all checked before anything is sent
        await CallAsync(() => SendAsync(documents, units));
    }

    Task SendAsync(IReadOnlyList<VectorDocument> documents, byte[][] units)
    {
        List<Task> sent = new(2 * documents.Count);
        for (int i = 0; i < documents.Count; i++)
        {
            VectorDocument d = documents[i];
            sent.Add(_store.Database.ExecuteAsync("VREM", _set, d.Id));
            sent.Add(_store.Database.ExecuteAsync("VADD", _set, "FP32", units[i], d.Id, "NOQUANT", "SETATTR", d.Attributes));
        }
        return Task.WhenAll(sent);
    }

    /// <summary>Removes elements, where present.</summary>
    /// <exception cref="RankingException">As for <see cref="PutAsync"/>.</exception>
    public Task RemoveAsync(IReadOnlyList<string> ids) =>
        CallAsync(() => Task.WhenAll(ids.Select(id => _store.Database.ExecuteAsync("VREM", _set, id))));

    /// <summary>Number of elements.</summary>
    /// <exception cref="RankingException">As for <see cref="PutAsync"/>.</exception>
    public async Task<long> CountAsync()
    {
        RedisResult count = await CallAsync(() => _store.Database.ExecuteAsync("VCARD", _set));
        return count.IsNull ? 0 : (long)count;
    }

    /// <summary>The unit vector of an element; null if there is none.</summary>
    /// <exception cref="RankingException">As for <see cref="PutAsync"/>, and RNK3006 if it has another dimension.</exception>
    public async Task<float[]?> VectorAsync(string id) => Read(id, await CallAsync(() => _store.Database.ExecuteAsync("VEMB", _set, id)));

    /// <summary>Ids of the k nearest elements, nearest first, in one round trip: what retrieval before ranking needs.</summary>
    /// <param name="vector_D">The query; need not be a unit vector.</param>
    /// <param name="k">How many, 1 to <see cref="IVectorSearch.MaxNeighbours"/>.</param>
    /// <param name="filter">Which elements count; null for all.</param>
    /// <exception cref="ArgumentException">A vector of another dimension, zero or not finite; k out of range.</exception>
    /// <exception cref="RankingException">As for <see cref="PutAsync"/>.</exception>
    public Task<string[]> NearestAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter = null) =>
        SearchAsync(["FP32", Unit("query", vector_D)], k, filter);

    /// <summary>Ids of the k elements nearest to an element, itself left out, in one round trip; null if there is no such element.</summary>
    /// <exception cref="RankingException">As for <see cref="PutAsync"/>.</exception>
    public async Task<string[]?> NearestAsync(string id, int k, VectorFilter? filter = null)
    {
        CheckK(k);
        try
        {
            string[] found = await SearchAsync(["ELE", id], Math.Min(k + 1, IVectorSearch.MaxNeighbours), filter);
            if (found.Length == 0 && await VectorAsync(id) is null) return null;
            return [.. found.Where(f => f != id).Take(k)];
        }
        catch (RankingException e) when (e.InnerException is RedisServerException inner && SaysNoElement(inner.Message))
        {
            return null;
        }
    }

    // Redis: "element not found in set". Garnet 2.2.8: "Element not in Vector Set", and of a removed one something else altogether.
    static bool SaysNoElement(string message) =>
        message.Contains("lement not", StringComparison.Ordinal) || message.Contains("quantization mismatch", StringComparison.Ordinal);

    /// <summary>The k nearest elements with their similarities, which takes a second trip for their vectors.</summary>
    /// <exception cref="ArgumentException">As for <see cref="NearestAsync(ReadOnlyMemory{float}, int, VectorFilter?)"/>.</exception>
    /// <exception cref="RankingException">As for <see cref="PutAsync"/>.</exception>
    public async Task<Neighbour[]> SimilarAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter = null) =>
        await WithSimilaritiesAsync(MemoryMarshal.Cast<byte, float>(Unit("query", vector_D).AsSpan()).ToArray(), await NearestAsync(vector_D, k, filter));

    /// <summary>The k elements nearest to an element, itself left out, with similarities; null if there is no such element.</summary>
    /// <exception cref="RankingException">As for <see cref="PutAsync"/>.</exception>
    public async Task<Neighbour[]?> SimilarAsync(string id, int k, VectorFilter? filter = null)
    {
        Task<string[]?> nearest = NearestAsync(id, k, filter);
        Task<float[]?> query = VectorAsync(id); // in the same trip
        await Task.WhenAll(nearest, query);
        return await nearest is { } ids && await query is { } query_D ? await WithSimilaritiesAsync(query_D, ids) : null;
    }

    /// <summary>The k nearest of each of several vectors; all are asked for at once.</summary>
    /// <exception cref="ArgumentException">As for <see cref="NearestAsync(ReadOnlyMemory{float}, int, VectorFilter?)"/>.</exception>
    /// <exception cref="RankingException">As for <see cref="PutAsync"/>.</exception>
    public Task<Neighbour[][]> SimilarBatchAsync(ReadOnlyMemory<float> vectors_ND, int k, VectorFilter? filter = null)
    {
        if (vectors_ND.Length == 0 || vectors_ND.Length % Dimension != 0)
            throw new ArgumentException($"the queries have {vectors_ND.Length} numbers, expected a multiple of {Dimension}");
        return Task.WhenAll(Enumerable.Range(0, vectors_ND.Length / Dimension).Select(q => SimilarAsync(vectors_ND.Slice(q * Dimension, Dimension), k, filter)));
    }

    async Task<Neighbour[]> WithSimilaritiesAsync(float[] query_D, string[] ids)
    {
        RedisResult[] vectors = await CallAsync(() => Task.WhenAll(ids.Select(id => _store.Database.ExecuteAsync("VEMB", _set, id))));
        List<Neighbour> found = new(ids.Length);
        for (int i = 0; i < ids.Length; i++)
            if (Read(ids[i], vectors[i]) is { } vector_D) // removed between the two trips otherwise
                found.Add(new Neighbour(ids[i], Math.Clamp(TensorPrimitives.Dot<float>(query_D, vector_D), -1, 1)));
        return [.. found.OrderByDescending(n => n.Similarity).ThenBy(n => n.Id, StringComparer.Ordinal)];
    }

    async Task<string[]> SearchAsync(object[] query, int k, VectorFilter? filter)
    {
        CheckK(k);
        List<object> arguments = [_set, .. query, "COUNT", k, "EF", Math.Max(k, filter is null ? LeastExploration : LeastFilteredExploration)];
        if (filter is not null) arguments.AddRange(["FILTER", filter.ServerExpression]);
        RedisResult answer = await CallAsync(() => _store.Database.ExecuteAsync("VSIM", arguments));
        return Texts(answer);
    }

    static string[] Texts(RedisResult answer) => [.. ((RedisValue[]?)answer ?? []).Select(v => (string?)v ?? "")];

    static void CheckK(int k)
    {
        if (k is < 1 or > IVectorSearch.MaxNeighbours) throw new ArgumentOutOfRangeException(nameof(k), k, $"k: expected 1 to {IVectorSearch.MaxNeighbours}");
    }

    byte[] Unit(string id, ReadOnlyMemory<float> vector_D)
    {
        if (vector_D.Length != Dimension) throw new ArgumentException($"vector of {id}: has {vector_D.Length} numbers, expected {Dimension}");
        float norm = TensorPrimitives.Norm(vector_D.Span);
        if (!float.IsFinite(norm) || norm == 0) throw new ArgumentException($"vector of {id}: has length {norm}, expected finite numbers that are not all 0");
        byte[] unit = new byte[sizeof(float) * Dimension];
        TensorPrimitives.Divide(vector_D.Span, norm, MemoryMarshal.Cast<byte, float>(unit.AsSpan()));
        return unit;
    }

    float[]? Read(string id, RedisResult answer)
    {
        if (answer.IsNull || answer.Length == 0) return null;
        string[] texts = Texts(answer);
        float[] vector_D = new float[texts.Length];
        bool good = texts.Length == Dimension;
        for (int i = 0; good && i < texts.Length; i++)
            good = float.TryParse(texts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out vector_D[i]);
        return good ? vector_D : throw new RankingException(ErrorCodes.StoredValueDamaged,
            $"vector of {id} in {_set}: has {texts.Length} numbers, expected {Dimension}");
    }

    Task CallAsync(Func<Task> call) => CallAsync(async () =>
    {
        await call();
        return true;
    });

    async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RedisServerException e) when (e.Message.Contains("unknown command", StringComparison.OrdinalIgnoreCase) || e.Message.Contains("not enabled", StringComparison.Ordinal))
        {
            throw new RankingException(ErrorCodes.NoVectorSets, "the Redis server has no vector sets (VADD, VSIM): expected Redis 8 or the embedded server", e);
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw _store.Explain(e);
        }
    }
}
