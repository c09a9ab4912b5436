using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ranking.Features.Errors;
using StackExchange.Redis;

namespace Ranking.Store.Sink;

/// <summary>
/// Applies changes of <c>rows</c> to Redis so that rows and the offset they were written at never part: one conditional call a touched
/// hash tag (streams.md, section 4). It keeps no data of its own that matters; killed, flushed under, doubled or cut off, the rows are
/// again those of the log once it has read on from where it is told to. Not for concurrent use.
/// </summary>
public sealed class RowSink
{
    readonly StoreConnection _store;
    readonly RowSinkOptions _options;
    readonly TagOffsets _offsets;
    ConditionalWriter? _writer;
    long _written, _deleted, _conflicts, _misplaced, _swept;

    /// <summary>A sink that holds no partitions yet.</summary>
    public RowSink(StoreConnection store, RowSinkOptions? options = null)
    {
        (_store, _options) = (store, options ?? new RowSinkOptions());
        _offsets = new TagOffsets(store, b => store.Keys.Offset(b), _options.OldestOffset, _options.Clock);
    }

    /// <summary>Rows written, copies within a batch not counted.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Rows deleted for tombstones.</summary>
    public long Deleted => Interlocked.Read(ref _deleted);

    /// <summary>Tags whose offset was not what this sink had written: flushes, second sinks, its own lost answers.</summary>
    public long Conflicts => Interlocked.Read(ref _conflicts);

    /// <summary>Records skipped because their id does not belong into their partition.</summary>
    public long Misplaced => Interlocked.Read(ref _misplaced);

    /// <summary>Keys deleted because the log, read from its beginning, does not have them.</summary>
    public long Swept => Interlocked.Read(ref _swept);

    /// <summary>Takes over partitions instead of those held before.</summary>
    /// <param name="partitions">Partition count of the topic.</param>
    /// <param name="held">The partitions with their bounds of now.</param>
    /// <returns>Where to read each from.</returns>
    /// <exception cref="RankingException">RNK3001, RNK3002: Redis is away or refuses; call again.</exception>
    public async Task<IReadOnlyList<Rewind>> AssignAsync(int partitions, IReadOnlyList<PartitionBounds> held)
    {
        try
        {
            _writer ??= new ConditionalWriter(_store, _options.UseScripts ?? (await _store.AbilitiesAsync()).Scripts);
            return await _offsets.AssignAsync(partitions, held);
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw _store.Explain(e);
        }
    }

    /// <summary>Everything of the partition below this offset is in Redis; −1 if the partition is not held.</summary>
    public long AppliedThrough(int partition) => _offsets.HeldOf(partition).Select(b => _offsets[b]!.Applied + 1).DefaultIfEmpty(-1).Min();

    /// <summary>Writes a batch. Changes that are applied already are passed over, so a batch may come again.</summary>
    /// <param name="batch">Changes, those of a partition in the order of their offsets.</param>
    /// <returns>Where to read on from for tags that were not written because their offset is another; empty in ordinary times.</returns>
    /// <exception cref="RankingException">
    /// RNK3001, RNK3002: some calls had no answer or were refused. Then call <see cref="LookAsync"/> until it succeeds, and go on where it
    /// says.
    /// </exception>
    public async Task<IReadOnlyList<Rewind>> ApplyAsync(IReadOnlyList<RowChange> batch)
    {
        Dictionary<int, List<RowChange>> touched = [];
        foreach (RowChange change in batch)
        {
            int b = KeyLayout.TagOf(change.Id);
            if (_offsets.PartitionOf(b) != change.Partition) _misplaced++;
            else if (_offsets[b] is { } tag && change.Offset > tag.Applied)
                (CollectionsMarshal.GetValueRefOrAddDefault(touched, b, out _) ??= []).Add(change);
        }
        if (touched.Count == 0) return [];
        try
        {
            RedisValue[] versions = touched.Values.Any(t => t.Exists(c => c.Value is null)) ? await LiveVersionsAsync() : [];
            return await AllAsync([.. touched.Select(t => WriteAsync(t.Key, t.Value, versions))]);
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw _store.Explain(e);
        }
    }

    async Task<Rewind?> WriteAsync(int b, List<RowChange> changes, RedisValue[] versions)
    {
        TagState tag = _offsets[b]!;
        Dictionary<(string, string), RowChange> last = [];
        foreach (RowChange c in changes) last[(c.Kind, c.Id)] = c;
        List<(RedisKey, byte[])> sets = [];
        List<RedisKey> deletes = [];
        foreach (RowChange c in last.Values)
        {
            See(tag, c);
            if (c.Value is not null)
            {
                sets.Add((_store.Keys.Row(c.Kind, c.Id, b), c.Value));
                continue;
            }
            deletes.Add(_store.Keys.Row(c.Kind, c.Id, b));
            foreach (RedisValue version in versions) deletes.Add(_store.Keys.Token(version!, c.Id, b));
        }
        Rewind? rewind = await MoveAsync(b, changes[^1].Offset, sets, deletes);
        if (rewind is not null) return rewind;
        Interlocked.Add(ref _written, sets.Count);
        Interlocked.Add(ref _deleted, last.Count - sets.Count);
        return null;
    }

    async Task<Rewind?> MoveAsync(int b, long offset, IReadOnlyList<(RedisKey, byte[])> sets, IReadOnlyList<RedisKey> deletes)
    {
        TagState tag = _offsets[b]!;
        string next = _offsets.Stamp(b, offset);
        tag.Sent = next; // until the answer comes
        (bool written, string? found) = await _writer!.WriteAsync(_offsets.Key(b), tag.Written, next, sets, deletes);
        if (written)
        {
            _offsets.Wrote(b, next, offset);
            return null;
        }
        Interlocked.Increment(ref _conflicts);
        tag.Sent = null;
        return _offsets.Adopt(b, found);
    }

    /// <summary>Looks whether Redis still holds what this sink wrote: every second while idle, and after a failure.</summary>
    /// <returns>Where to read on from for tags of which it does not.</returns>
    /// <exception cref="RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public async Task<IReadOnlyList<Rewind>> LookAsync()
    {
        try
        {
            return await _offsets.LookAsync();
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw _store.Explain(e);
        }
    }

    /// <summary>
    /// Notes that everything of a partition below <paramref name="position"/> was given to <see cref="ApplyAsync"/>: finishes tags that
    /// were read from the beginning by deleting what the log does not have, and moves the offsets of untouched tags up.
    /// </summary>
    /// <returns>Where to read on from; empty in ordinary times.</returns>
    /// <exception cref="RankingException">RNK3001, RNK3002: as for <see cref="ApplyAsync"/>.</exception>
    public async Task<IReadOnlyList<Rewind>> MoveUpAsync(int partition, long position)
    {
        DateTimeOffset now = _options.Clock.GetUtcNow();
        int[] held = [.. _offsets.HeldOf(partition)];
        int[] sweeping = [.. held.Where(b => _offsets[b] is { Seen: not null } t && position >= t.SweepAt)];
        int[] due = [.. held.Except(sweeping).Where(b => _offsets[b] is { Seen: null, Unswept: false } t && now - t.At >= _options.MoveUpEvery)];
        // Twice as long without a stranger's write: then it is gone, and if it was not, it finishes its own reading from the beginning.
        int[] unswept = [.. held.Where(b => _offsets[b] is { Unswept: true } t && now - t.At >= 2 * _options.MoveUpEvery)];
        try
        {
            List<Rewind> rewinds = [];
            if (sweeping.Length > 0) rewinds.AddRange(await SweepAsync(sweeping, position));
            rewinds.AddRange(unswept.Select(_offsets.Restart));
            rewinds.AddRange(await AllAsync([.. due.Select(b => MoveAsync(b, Math.Max(_offsets[b]!.Applied, position - 1), [], []))]));
            return rewinds;
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw _store.Explain(e);
        }
    }

    async Task<IReadOnlyList<Rewind>> SweepAsync(int[] tags, long position)
    {
        Dictionary<int, List<RedisKey>> surplus = tags.ToDictionary(b => b, _ => new List<RedisKey>());
        await foreach (RedisKey key in _store.ScanAsync(_store.Keys.TaggedPattern))
        {
            string text = key!;
            bool isRow = _store.Keys.TryParseRow(text, out int tag, out string kind, out string id);
            if (!isRow && !_store.Keys.TryParseToken(text, out tag, out _, out id)) continue;
            if (surplus.TryGetValue(tag, out List<RedisKey>? keys) && !_offsets[tag]!.Seen!.Contains(isRow ? Hash(kind, id) : Hash("", id))) keys.Add(key);
        }
        List<Rewind> rewinds = [];
        foreach ((int b, List<RedisKey> keys) in surplus)
        {
            TagState tag = _offsets[b]!;
            (HashSet<ulong> seen, long applied) = (tag.Seen!, Math.Max(tag.Applied, position - 1));
            tag.Seen = null; // so that the stamp says that the tag is whole
            Rewind? rewind = null;
            try
            {
                rewind = await MoveAsync(b, applied, [], keys);
            }
            catch
            {
                tag.Seen = seen;
                throw;
            }
            if (rewind is { } r) rewinds.Add(r);
            else Interlocked.Add(ref _swept, keys.Count);
        }
        return rewinds;
    }

    async Task<RedisValue[]> LiveVersionsAsync() =>
        await _store.Database.SortedSetRangeByScoreAsync(_store.Keys.Versions, _options.Clock.GetUtcNow().ToUnixTimeSeconds(), double.PositiveInfinity);

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

    // Waits for all, so that no call is still under way when the caller goes on after a failure.
    static async Task<IReadOnlyList<Rewind>> AllAsync(Task<Rewind?>[] calls)
    {
        Rewind?[] rewinds = await Task.WhenAll(calls);
        return [.. rewinds.Where(r => r is not null).Select(r => r!.Value)];
    }
}
