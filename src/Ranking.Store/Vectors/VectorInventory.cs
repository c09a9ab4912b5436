using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace Ranking.Store.Vectors;

/// <summary>
/// What lies beside a vector set, in its slot: which documents it was made from (vector sets cannot be listed), and which were deleted.
/// </summary>
sealed class VectorInventory(StoreConnection store, string kind, string settings)
{
    readonly RedisKey _documents = store.Keys.VectorDocuments(kind, settings), _deletions = store.Keys.VectorDeletions(kind, settings);

    /// <summary>What is known of some ids, in one trip.</summary>
    public async Task<DocumentStamp[]> ReadAsync(IReadOnlyList<string> ids)
    {
        if (ids.Count == 0) return [];
        RedisValue[] names = [.. ids.Select(id => (RedisValue)id)];
        Task<RedisValue[]> documents = store.Database.HashGetAsync(_documents, names);
        Task<double?[]> deletions = store.Database.SortedSetScoresAsync(_deletions, names);
        await Task.WhenAll(documents, deletions);
        var known = new DocumentStamp[ids.Count];
        for (int i = 0; i < known.Length; i++)
        {
            DocumentStamp document = DocumentStamp.Parse((await documents)[i]) ?? DocumentStamp.None;
            known[i] = (await deletions)[i] is { } at && at >= document.TimeMs ? new((long)at, null) : document;
        }
        return known;
    }

    /// <summary>Writes down documents before their vectors are added, so that nothing is in the set that is not here.</summary>
    public Task PutAsync(IReadOnlyList<(string Id, DocumentStamp Stamp)> documents) => documents.Count == 0
        ? Task.CompletedTask
        : Task.WhenAll(
            store.Database.HashSetAsync(_documents, [.. documents.Select(d => new HashEntry(d.Id, d.Stamp.ToString()))]),
            store.Database.SortedSetRemoveAsync(_deletions, [.. documents.Select(d => (RedisValue)d.Id)]));

    /// <summary>Writes down deletions, and forgets the documents once their vectors are gone.</summary>
    public Task DeleteAsync(IReadOnlyList<(string Id, DocumentStamp Stamp)> deleted) => deleted.Count == 0
        ? Task.CompletedTask
        : Task.WhenAll(
            store.Database.SortedSetAddAsync(_deletions, [.. deleted.Select(d => new SortedSetEntry(d.Id, d.Stamp.TimeMs))]),
            ForgetAsync([.. deleted.Select(d => d.Id)]));

    /// <summary>Forgets documents.</summary>
    public Task ForgetAsync(IReadOnlyList<string> ids) => store.Database.HashDeleteAsync(_documents, [.. ids.Select(id => (RedisValue)id)]);

    /// <summary>Forgets deletions that no older document can follow any more.</summary>
    /// <param name="watermarkOf">Time below which no document of an id is used.</param>
    /// <param name="latestMs">The latest such time.</param>
    public async Task ForgetDeletionsAsync(Func<string, long> watermarkOf, long latestMs)
    {
        const int most = 10_000; // the rest next time
        SortedSetEntry[] old = await store.Database.SortedSetRangeByScoreWithScoresAsync(_deletions, double.NegativeInfinity, latestMs, Exclude.Stop, take: most);
        RedisValue[] gone = [.. old.Where(d => d.Score < watermarkOf(d.Element!)).Select(d => d.Element)];
        if (gone.Length > 0) await store.Database.SortedSetRemoveAsync(_deletions, gone);
    }

    /// <summary>Documents that are known here and not in another inventory.</summary>
    public async Task<Dictionary<string, DocumentStamp>> MissingInAsync(VectorInventory other, CancellationToken cancellation)
    {
        Dictionary<string, DocumentStamp> missing = [];
        List<(string Id, DocumentStamp Stamp)> batch = [];
        async Task CompareAsync()
        {
            RedisValue[] found = await store.Database.HashGetAsync(other._documents, [.. batch.Select(d => (RedisValue)d.Id)]);
            for (int i = 0; i < found.Length; i++) if (found[i].IsNull) missing[batch[i].Id] = batch[i].Stamp;
            batch.Clear();
        }
        await foreach ((string, DocumentStamp) document in AllAsync(cancellation))
        {
            batch.Add(document);
            if (batch.Count == 1_000) await CompareAsync();
        }
        if (batch.Count > 0) await CompareAsync();
        return missing;
    }

    /// <summary>All documents, each at least once.</summary>
    public async IAsyncEnumerable<(string Id, DocumentStamp Stamp)> AllAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (HashEntry entry in store.Database.HashScanAsync(_documents, pageSize: 1000).WithCancellation(cancellation))
            yield return (entry.Name!, DocumentStamp.Parse(entry.Value) ?? DocumentStamp.None);
    }
}
