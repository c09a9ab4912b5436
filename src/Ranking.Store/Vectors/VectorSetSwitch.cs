using Microsoft.Extensions.Logging;
using Ranking.Store.Sink;
using StackExchange.Redis;

namespace Ranking.Store.Vectors;

/// <summary>
/// Sends searches to the wanted vector set once it is whole: all its tags were read to the topic's end, and both sets hold what the
/// other held a look before. Documents of entities that have expired are in the topic for ever; they are told by the current set, which
/// has them no more.
/// </summary>
sealed partial class VectorSetSwitch(
    StoreConnection store, string kind, VectorSets sets, int partitions, Func<string, DocumentSink?> sinkOf, Func<long> nowMs, ILogger log)
{
    sealed record Look(string From, string To, long[] FromThrough, long[] ToThrough, IReadOnlyCollection<string>? Missing);

    Look? _before;

    /// <summary>Looks; of one caller at a time.</summary>
    public async Task LookAsync(VectorSetsState state, CancellationToken stop)
    {
        (Look? before, _before) = (_before, null);
        if (state.Wanted is not { } to || !state.Sets.TryGetValue(to, out VectorSetStage stage) || stage == VectorSetStage.Dropped) return;
        if (to == state.Current && stage == VectorSetStage.Whole) return;
        if (await ThroughAsync(to) is not { } toThrough) return;
        if (to == state.Current || state.Current is not { } from || await ThroughAsync(from) is not { } fromThrough)
        {
            await SwitchAsync(state.Current, to); // there is nothing whole to hold on to
            return;
        }
        _before = new(from, to, fromThrough, toThrough, null);
        if (before is null || before.From != from || before.To != to || !Holds(toThrough, before.FromThrough) || !Holds(fromThrough, before.ToThrough)) return;
        VectorInventory old = new(store, kind, from), next = new(store, kind, to);
        Dictionary<string, DocumentStamp> missing = await next.MissingInAsync(old, stop);
        if (before.Missing is not { } missed)
        {
            _before = _before with { Missing = missing.Keys };
            return;
        }
        await ExpireAsync(to, missing.Where(m => missed.Contains(m.Key)));
        await sets.MoveAsync(from, VectorSetStage.Whole, nowMs());
        await SwitchAsync(from, to);
        _before = null;
    }

    async Task SwitchAsync(string? from, string to)
    {
        await sets.SwitchAsync(from == to ? null : from, to, nowMs());
        if (from != to) LogSwitched(log, kind, to, from ?? "none");
    }

    // What the old set cannot encode is not in it either, but has a row.
    async Task ExpireAsync(string hash, IEnumerable<KeyValuePair<string, DocumentStamp>> missing)
    {
        if (sinkOf(hash) is not { } sink) return;
        foreach (KeyValuePair<string, DocumentStamp>[] chunk in missing.Chunk(1_000))
        {
            bool[] rows = await Task.WhenAll(chunk.Select(m => store.Database.KeyExistsAsync(store.Keys.Row(kind, m.Key))));
            await sink.ExpireAsync(chunk.Where((_, i) => !rows[i]).ToDictionary(m => m.Key, m => m.Value.TimeMs + 1));
        }
    }

    // Of each partition the last offset that is in the set; null where a tag has not been read to the end.
    async Task<long[]?> ThroughAsync(string hash)
    {
        RedisValue[] found = await store.Database.StringGetAsync(store.Keys.VectorOffsets(kind, hash));
        long[] through = new long[partitions];
        Array.Fill(through, -1);
        for (int b = 0; b < found.Length; b++)
        {
            if (!StoredOffset.TryParse(found[b], out StoredOffset stored) || stored.Partitions != partitions || stored.UnixSeconds == 0) return null;
            through[b % partitions] = Math.Max(through[b % partitions], stored.Offset);
        }
        return through;
    }

    static bool Holds(long[] now, long[] then) => now.Zip(then).All(p => p.First >= p.Second);

    [LoggerMessage(Level = LogLevel.Information, Message = "Searches of {Kind} go to the vectors of encoder settings {To}; until now: {From}")]
    static partial void LogSwitched(ILogger logger, string kind, string to, string from);
}
