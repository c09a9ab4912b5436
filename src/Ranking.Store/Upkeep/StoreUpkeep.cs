using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ranking.Store.Rows;
using StackExchange.Redis;

namespace Ranking.Store.Upkeep;

/// <summary>What <c>ranking store verify|rebuild|erase</c> do to the keys of a namespace.</summary>
public sealed class StoreUpkeep(StoreConnection store)
{
    const int Batch = 500;
    const int MostExamples = 20;

    /// <summary>Compares all rows with those that the log ends with. Meant for a store whose sink is caught up or stopped.</summary>
    /// <param name="expected">Every row that should be there, once, in any order.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public async Task<StoreDifferences> VerifyAsync(IAsyncEnumerable<(EntityKey Key, byte[] Value)> expected, CancellationToken cancellation = default)
    {
        (long same, long changed, long missing, long surplus) = (0, 0, 0, 0);
        List<string> examples = [];
        HashSet<UInt128> known = [];
        List<(EntityKey Key, byte[] Value)> batch = new(Batch);
        try
        {
            await foreach ((EntityKey, byte[]) row in expected.WithCancellation(cancellation))
            {
                batch.Add(row);
                if (batch.Count == Batch) await CompareAsync();
            }
            await CompareAsync();
            HashSet<UInt128> counted = [];
            await foreach (RedisKey key in store.ScanAsync(store.Keys.TaggedPattern).WithCancellation(cancellation))
                if (store.Keys.TryParseRow(key!, out _, out string kind, out string id) && !known.Contains(Hash(kind, id)) && counted.Add(Hash(kind, id)))
                {
                    surplus++;
                    Show(key, "surplus");
                }
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw store.Explain(e);
        }
        return new StoreDifferences(same, changed, missing, surplus, examples);

        async Task CompareAsync()
        {
            RedisKey[] keys = [.. batch.Select(r => store.Keys.Row(r.Key.Kind, r.Key.Id))];
            RedisValue[] found = await Task.WhenAll(keys.Select(k => store.Database.StringGetAsync(k)));
            for (int i = 0; i < keys.Length; i++)
            {
                known.Add(Hash(batch[i].Key.Kind, batch[i].Key.Id));
                if (found[i].IsNull)
                {
                    missing++;
                    Show(keys[i], "missing");
                }
                else if (((ReadOnlyMemory<byte>)found[i]).Span.SequenceEqual(batch[i].Value)) same++;
                else
                {
                    changed++;
                    Show(keys[i], "changed");
                }
            }
            batch.Clear();
        }

        void Show(RedisKey key, string how)
        {
            if (examples.Count < MostExamples) examples.Add($"{how} {key}");
        }
    }

    /// <summary>
    /// Makes the sink begin at the beginning, by deleting the offsets: it then writes every row that the log has and deletes all others.
    /// A running sink notices within a second; rows stay readable meanwhile.
    /// </summary>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public Task RebuildAsync() =>
        CallAsync(() => Task.WhenAll(Enumerable.Range(0, KeyLayout.Tags).Select(b => store.Database.KeyDeleteAsync(store.Keys.Offset(b)))));

    /// <summary>Deletes an entity's row and its tokens of every live version.</summary>
    /// <returns>Number of keys that were there.</returns>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public async Task<long> EraseAsync(EntityKey entity)
    {
        long erased = 0;
        await CallAsync(async () =>
        {
            RedisValue[] versions = await store.Database.SortedSetRangeByScoreAsync(store.Keys.Versions);
            RedisKey[] keys = [store.Keys.Row(entity.Kind, entity.Id), .. versions.Select(v => store.Keys.Token(v!, entity.Id))];
            erased = await store.Database.KeyDeleteAsync(keys); // one tag, hence one slot
        });
        return erased;
    }

    async Task CallAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw store.Explain(e);
        }
    }

    static UInt128 Hash(string kind, string id) => XxHash128.HashToUInt128(MemoryMarshal.AsBytes($"{kind}:{id}".AsSpan()));
}
