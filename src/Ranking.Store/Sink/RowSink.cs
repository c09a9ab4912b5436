using System.IO.Hashing;
using System.Runtime.InteropServices;
using StackExchange.Redis;

namespace Ranking.Store.Sink;

/// <summary>
/// Applies changes of <c>rows</c> to Redis so that rows and the offset they were written at never part: one conditional call a touched
/// hash tag (streams.md, section 4).
/// </summary>
public sealed class RowSink : TaggedSink<RowChange>
{
    long _written, _deleted;

    readonly Func<IReadOnlyList<RowChange>, Task>? _gone;

    /// <summary>A sink that holds no partitions yet.</summary>
    /// <param name="store">The server.</param>
    /// <param name="options">How it writes.</param>
    /// <param name="gone">Told of entities that are gone before their rows are, so that their vectors go as well; null where there are no vectors.</param>
    public RowSink(StoreConnection store, SinkOptions? options = null, Func<IReadOnlyList<RowChange>, Task>? gone = null)
        : base(store, b => store.Keys.Offset(b), options) => _gone = gone;

    /// <summary>Rows written, copies within a batch not counted.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Rows deleted for tombstones.</summary>
    public long Deleted => Interlocked.Read(ref _deleted);

    private protected override async Task<IReadOnlyList<Rewind>> WriteAsync(IReadOnlyList<RowChange> batch)
    {
        Dictionary<int, List<RowChange>> touched = [];
        foreach (RowChange change in batch)
        {
            int b = KeyLayout.TagOf(change.Id);
            if (Offsets.PartitionOf(b) != change.Partition) Misplace();
            else if (Offsets[b] is { } tag && change.Offset > tag.Applied)
                (CollectionsMarshal.GetValueRefOrAddDefault(touched, b, out _) ??= []).Add(change);
        }
        if (touched.Count == 0) return [];
        // Vectors first: the offset of the rows says that they are gone.
        if (_gone is not null) await _gone([.. touched.Values.SelectMany(t => t).Where(c => c.Value is null)]);
        RedisValue[] versions = touched.Values.Any(t => t.Exists(c => c.Value is null)) ? await LiveVersionsAsync() : [];
        return await AllAsync([.. touched.Select(t => WriteAsync(t.Key, t.Value, versions))]);
    }

    async Task<Rewind?> WriteAsync(int b, List<RowChange> changes, RedisValue[] versions)
    {
        TagState tag = Offsets[b]!;
        Dictionary<(string, string), RowChange> last = [];
        foreach (RowChange c in changes) last[(c.Kind, c.Id)] = c;
        List<(RedisKey, byte[])> sets = [];
        List<RedisKey> deletes = [];
        foreach (RowChange c in last.Values)
        {
            See(tag, c);
            if (c.Value is not null)
            {
                sets.Add((Store.Keys.Row(c.Kind, c.Id, b), c.Value));
                continue;
            }
            deletes.Add(Store.Keys.Row(c.Kind, c.Id, b));
            foreach (RedisValue version in versions) deletes.Add(Store.Keys.Token(version!, c.Id, b));
        }
        Rewind? rewind = await MoveAsync(b, changes[^1].Offset, sets, deletes);
        if (rewind is not null) return rewind;
        Interlocked.Add(ref _written, sets.Count);
        Interlocked.Add(ref _deleted, last.Count - sets.Count);
        return null;
    }

    private protected override async IAsyncEnumerable<(int Tag, RedisKey What)> UnseenAsync(IReadOnlyList<int> tags)
    {
        await foreach (RedisKey key in Store.ScanAsync(Store.Keys.TaggedPattern))
        {
            string text = key!;
            bool isRow = Store.Keys.TryParseRow(text, out int tag, out string kind, out string id);
            if (!isRow && !Store.Keys.TryParseToken(text, out tag, out _, out id)) continue;
            if (tags.Contains(tag) && !Offsets[tag]!.Seen!.Contains(isRow ? Hash(kind, id) : Hash("", id))) yield return (tag, key);
        }
    }

    private protected override Task<Rewind?> DeleteAsync(int tag, long offset, IReadOnlyList<RedisKey> unseen) => MoveAsync(tag, offset, [], unseen);

    async Task<RedisValue[]> LiveVersionsAsync() =>
        await Store.Database.SortedSetRangeByScoreAsync(Store.Keys.Versions, Options.Clock.GetUtcNow().ToUnixTimeSeconds(), double.PositiveInfinity);

    static void See(TagState tag, RowChange change)
    {
        if (tag.Seen is null) return;
        if (change.Value is not null)
        {
            tag.Seen.Add(Hash(change.Kind, change.Id));
            tag.Seen.Add(Hash("", change.Id));
        }
        else
        {
            tag.Seen.Remove(Hash(change.Kind, change.Id));
            tag.Seen.Remove(Hash("", change.Id));
        }
    }

    static ulong Hash(string kind, string id) =>
        XxHash3.HashToUInt64(MemoryMarshal.AsBytes(id.AsSpan()), (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(kind.AsSpan())));
}
