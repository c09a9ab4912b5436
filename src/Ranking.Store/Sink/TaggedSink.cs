using Ranking.Features.Errors;
using StackExchange.Redis;

namespace Ranking.Store.Sink;

/// <summary>
/// Applies a topic's records to Redis and keeps its own offset there for each hash tag, by conditional writes (streams.md, section 4).
/// It keeps no data of its own that matters; killed, flushed under, doubled or cut off, Redis again holds what the log says once the sink
/// has read on from where it is told to. Not for concurrent use.
/// </summary>
public abstract class TaggedSink<TChange>
    where TChange : ISinkChange
{
    ConditionalWriter? _writer;
    long _conflicts, _misplaced, _swept;

    private protected TaggedSink(StoreConnection store, Func<int, RedisKey> offsetKey, SinkOptions? options)
    {
        (Store, Options) = (store, options ?? new SinkOptions());
        Offsets = new TagOffsets(store, offsetKey, Options.OldestOffset, Options.Clock);
    }

    /// <summary>How it writes.</summary>
    public SinkOptions Options { get; }

    /// <summary>Tags whose offset was not what this sink had written: flushes, second sinks, its own lost answers.</summary>
    public long Conflicts => Interlocked.Read(ref _conflicts);

    /// <summary>Records skipped because their id does not belong into their partition.</summary>
    public long Misplaced => Interlocked.Read(ref _misplaced);

    /// <summary>What was deleted because the log, read from its beginning, does not have it.</summary>
    public long Swept => Interlocked.Read(ref _swept);

    private protected StoreConnection Store { get; }

    private protected TagOffsets Offsets { get; }

    /// <summary>Takes over partitions instead of those held before.</summary>
    /// <param name="partitions">Partition count of the topic.</param>
    /// <param name="held">The partitions with their bounds of now.</param>
    /// <returns>Where to read each from.</returns>
    /// <exception cref="RankingException">RNK3001, RNK3002: Redis is away or refuses; call again.</exception>
    public Task<IReadOnlyList<Rewind>> AssignAsync(int partitions, IReadOnlyList<PartitionBounds> held) => GuardAsync(async () =>
    {
        _writer ??= new ConditionalWriter(Store, Options.UseScripts ?? (await Store.AbilitiesAsync()).Scripts);
        return await Offsets.AssignAsync(partitions, held);
    });

    /// <summary>Everything of the partition below this offset is in Redis; −1 if the partition is not held.</summary>
    public long AppliedThrough(int partition) => Offsets.HeldOf(partition).Select(b => Offsets[b]!.Applied + 1).DefaultIfEmpty(-1).Min();

    /// <summary>Writes a batch. Changes that are applied already are passed over, so a batch may come again.</summary>
    /// <param name="batch">Changes, those of a partition in the order of their offsets.</param>
    /// <returns>Where to read on from for tags that were not written because their offset is another; empty in ordinary times.</returns>
    /// <exception cref="RankingException">
    /// RNK3001, RNK3002: some calls had no answer or were refused. Then call <see cref="LookAsync"/> until it succeeds, and go on where it
    /// says.
    /// </exception>
    public Task<IReadOnlyList<Rewind>> ApplyAsync(IReadOnlyList<TChange> batch) => GuardAsync(() => WriteAsync(batch));

    /// <summary>Looks whether Redis still holds what this sink wrote: every second while idle, and after a failure.</summary>
    /// <returns>Where to read on from for tags of which it does not.</returns>
    /// <exception cref="RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public Task<IReadOnlyList<Rewind>> LookAsync() => GuardAsync(Offsets.LookAsync);

    /// <summary>
    /// Notes that everything of a partition below <paramref name="position"/> was given to <see cref="ApplyAsync"/>: finishes tags that
    /// were read from the beginning by deleting what the log does not have, and moves the offsets of untouched tags up.
    /// </summary>
    /// <returns>Where to read on from; empty in ordinary times.</returns>
    /// <exception cref="RankingException">RNK3001, RNK3002: as for <see cref="ApplyAsync"/>.</exception>
    public Task<IReadOnlyList<Rewind>> MoveUpAsync(int partition, long position) => GuardAsync<IReadOnlyList<Rewind>>(async () =>
    {
        DateTimeOffset now = Options.Clock.GetUtcNow();
        int[] held = [.. Offsets.HeldOf(partition)];
        int[] sweeping = [.. held.Where(b => Offsets[b] is { Seen: not null } t && position >= t.SweepAt)];
        int[] due = [.. held.Except(sweeping).Where(b => Offsets[b] is { Seen: null, Unswept: false } t && now - t.At >= Options.MoveUpEvery)];
        // Twice as long without a stranger's write: then it is gone, and if it was not, it finishes its own reading from the beginning.
        int[] unswept = [.. held.Where(b => Offsets[b] is { Unswept: true } t && now - t.At >= 2 * Options.MoveUpEvery)];
        List<Rewind> rewinds = [];
        if (sweeping.Length > 0) rewinds.AddRange(await SweepAsync(sweeping, position));
        rewinds.AddRange(unswept.Select(Offsets.Restart));
        if (due.Length > 0) await TidyAsync(due);
        rewinds.AddRange(await AllAsync([.. due.Select(b => MoveAsync(b, Math.Max(Offsets[b]!.Applied, position - 1), [], []))]));
        return rewinds;
    });

    async Task<IReadOnlyList<Rewind>> SweepAsync(int[] tags, long position)
    {
        Dictionary<int, List<RedisKey>> surplus = tags.ToDictionary(b => b, _ => new List<RedisKey>());
        await foreach ((int tag, RedisKey what) in UnseenAsync(tags)) surplus[tag].Add(what);
        List<Rewind> rewinds = [];
        foreach ((int b, List<RedisKey> unseen) in surplus)
        {
            TagState tag = Offsets[b]!;
            (HashSet<ulong> seen, long applied) = (tag.Seen!, Math.Max(tag.Applied, position - 1));
            tag.Seen = null; // so that the stamp says that the tag is whole
            Rewind? rewind = null;
            try
            {
                rewind = await DeleteAsync(b, applied, unseen);
            }
            catch
            {
                tag.Seen = seen;
                throw;
            }
            if (rewind is { } r) rewinds.Add(r);
            else Interlocked.Add(ref _swept, unseen.Count);
        }
        return rewinds;
    }

    /// <summary>Writes a batch and moves the offsets of the tags that it touches.</summary>
    private protected abstract Task<IReadOnlyList<Rewind>> WriteAsync(IReadOnlyList<TChange> batch);

    /// <summary>What Redis holds of these tags and <see cref="TagState.Seen"/> does not.</summary>
    private protected abstract IAsyncEnumerable<(int Tag, RedisKey What)> UnseenAsync(IReadOnlyList<int> tags);

    /// <summary>Deletes what was not seen of a tag and moves its offset.</summary>
    private protected abstract Task<Rewind?> DeleteAsync(int tag, long offset, IReadOnlyList<RedisKey> unseen);

    /// <summary>Done for tags that were not touched for a while, before their offsets are moved up.</summary>
    private protected virtual Task TidyAsync(IReadOnlyList<int> tags) => Task.CompletedTask;

    /// <summary>Writes and deletes keys of a tag, and its offset, in one step; or nothing, where the offset is another than this sink's.</summary>
    private protected async Task<Rewind?> MoveAsync(
        int b, long offset, IReadOnlyList<(RedisKey, byte[])> sets, IReadOnlyList<RedisKey> deletes, long? greatestMs = null)
    {
        TagState tag = Offsets[b]!;
        long greatest = greatestMs ?? tag.GreatestMs;
        string next = Offsets.Stamp(b, offset, greatest);
        tag.Sent = next; // until the answer comes
        (bool written, string? found) = await _writer!.WriteAsync(Offsets.Key(b), tag.Written, next, sets, deletes);
        if (written)
        {
            Offsets.Wrote(b, next, offset, greatest);
            return null;
        }
        Interlocked.Increment(ref _conflicts);
        tag.Sent = null;
        return Offsets.Adopt(b, found);
    }

    private protected void Misplace() => Interlocked.Increment(ref _misplaced);

    /// <summary>Waits for all, so that no call is still under way when the caller goes on after a failure.</summary>
    private protected static async Task<IReadOnlyList<Rewind>> AllAsync(Task<Rewind?>[] calls)
    {
        Rewind?[] rewinds = await Task.WhenAll(calls);
        return [.. rewinds.Where(r => r is not null).Select(r => r!.Value)];
    }

    async Task<T> GuardAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw Store.Explain(e);
        }
    }
}
