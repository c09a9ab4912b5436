using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ranking.Features.Errors;

namespace Ranking.Store.Sink;

/// <summary>
/// Carries changes from a source to a sink until it is cancelled: collects a batch, applies it, goes back where the sink says. A Redis
/// that is away stops it for as long as that lasts; nothing is lost, since the offset lies with the rows.
/// </summary>
/// <param name="source">What is read.</param>
/// <param name="sink">What writes it.</param>
/// <param name="logger">Told of trouble; null for nobody.</param>
public sealed partial class SinkLoop<TChange>(ISinkSource<TChange> source, TaggedSink<TChange> sink, ILogger? logger = null)
    where TChange : ISinkChange
{
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    readonly List<TChange> _batch = [];
    int[] _held = [];
    volatile Goal? _goal;

    sealed record Goal(PartitionBounds[] Bounds, TaskCompletionSource Reached);

    /// <summary>Waits until everything that the source's topic holds now is in Redis. One caller at a time.</summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        PartitionBounds[] bounds = await BoundsAsync([.. source.Held], cancellation);
        var goal = new Goal(bounds, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _goal = goal;
        await goal.Reached.Task.WaitAsync(cancellation);
    }

    /// <summary>Runs until <paramref name="stop"/>; then returns. What is not written then is read again next time.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        bool look = false;
        TimeSpan pause = TimeSpan.Zero;
        Stopwatch sinceLook = Stopwatch.StartNew();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (pause > TimeSpan.Zero) await Task.Delay(pause, stop);
                if (!_held.SequenceEqual(source.Held)) await AssignAsync(stop);
                else if (look || sinceLook.Elapsed >= sink.Options.LookEvery) GoBack(await sink.LookAsync());
                if (look || sinceLook.Elapsed >= sink.Options.LookEvery) sinceLook.Restart();
                look = false;
                await CollectAsync(stop);
                GoBack(await sink.ApplyAsync(_batch));
                foreach (int p in _held) await MoveUpAsync(p);
                if (pause > TimeSpan.Zero && logger is not null) LogBack(logger);
                pause = TimeSpan.Zero;
                // A partition that another member has by now is that one's to drain.
                if (_goal is { } goal && goal.Bounds.All(b => b.End <= b.Begin || source.HasReached(b) || !source.Held.Contains(b.Partition))) goal.Reached.TrySetResult();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
            catch (RankingException e) when (e.Error == ErrorCodes.RedisUnreachable || e.Error == ErrorCodes.RedisRefused)
            {
                if (pause == TimeSpan.Zero && logger is not null) LogAway(logger, e.Message);
                pause = pause == TimeSpan.Zero ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
                look = true;
                // What the failed batch held lies between the tags' offsets and the position.
                foreach (int p in _held)
                    if (sink.AppliedThrough(p) is >= 0 and long from && from < source.Position(p)) source.Seek(p, from);
            }
        }
    }

    async Task AssignAsync(CancellationToken stop)
    {
        int[] held = [.. source.Held];
        PartitionBounds[] bounds = await BoundsAsync(held, stop);
        _held = []; // not held until this succeeds
        foreach (Rewind start in await sink.AssignAsync(source.Partitions, bounds)) source.Seek(start.Partition, start.Offset);
        _held = held;
    }

    async Task<PartitionBounds[]> BoundsAsync(int[] held, CancellationToken cancellation)
    {
        var bounds = new PartitionBounds[held.Length];
        for (int i = 0; i < held.Length; i++) bounds[i] = await source.BoundsAsync(held[i], cancellation);
        return bounds;
    }

    async Task CollectAsync(CancellationToken stop)
    {
        _batch.Clear();
        Stopwatch clock = Stopwatch.StartNew();
        TimeSpan left = sink.Options.BatchTime;
        while (left > TimeSpan.Zero && _batch.Count < sink.Options.BatchSize)
        {
            await source.ReadAsync(_batch, sink.Options.BatchSize - _batch.Count, left, stop);
            left = sink.Options.BatchTime - clock.Elapsed;
        }
    }

    async Task MoveUpAsync(int partition) => GoBack(await sink.MoveUpAsync(partition, source.Position(partition)));

    void GoBack(IReadOnlyList<Rewind> rewinds)
    {
        foreach (IGrouping<int, Rewind> of in rewinds.GroupBy(r => r.Partition))
        {
            long from = of.Min(r => r.Offset);
            if (from >= source.Position(of.Key)) continue;
            if (logger is not null) LogRewind(logger, of.Key, from);
            source.Seek(of.Key, from);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sink waits for Redis: {Reason}")]
    static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sink writes to Redis again")]
    static partial void LogBack(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis does not hold what this sink wrote; partition {Partition} is read again from {Offset}")]
    static partial void LogRewind(ILogger logger, int partition, long offset);
}
