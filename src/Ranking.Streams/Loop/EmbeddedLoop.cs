using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>
/// All tasks of a problem on the embedded broker: no groups, no transactions, state in memory, nothing in counts and answers, since all
/// tasks are near one another; reading is held back while readers of the outputs have no room (<see cref="EmbeddedFlow"/>).
/// </summary>
sealed class EmbeddedLoop : IPipelineLoop
{
    static readonly TimeSpan FlushRowsEvery = TimeSpan.FromSeconds(1);

    readonly KafkaSettings kafka;
    readonly int partitions;
    readonly TopicWriter writer;
    readonly TopicReader sources;
    readonly EmbeddedWriter outputs;
    readonly MemberOutput output;
    readonly TaskInput input;
    readonly PipelineTask[] tasks;
    readonly Stopwatch sinceRows = Stopwatch.StartNew();
    bool rowsFlushed;
    PipelineStatus status = new(0, 0, 0, 0, 0, 0, long.MinValue, "", false);

    public EmbeddedLoop(FeatureBuilder builder, KafkaSettings kafka, int partitions, ILogger logger)
    {
        (this.kafka, this.partitions) = (kafka, partitions);
        writer = new(kafka);
        outputs = new(writer, kafka.Flow!);
        output = new(partitions, outputs);
        input = new(builder.Plan.Spec, kafka, partitions, output, logger);
        tasks = [.. Enumerable.Range(0, partitions).Select(p => new PipelineTask(builder, p, partitions, output.Of(p)))];
        output.BringNear(tasks.Index());
        sources = new(kafka, "pipeline", input.Topics.Take(input.Sources), partitions);
    }

    /// <inheritdoc/>
    public PipelineStatus Status => Volatile.Read(ref status);

    /// <inheritdoc/>
    public void Run(TimeSpan? untilIdle, CancellationToken cancel)
    {
        outputs.Stop = cancel;
        var idle = Stopwatch.StartNew();
        while (!cancel.IsCancellationRequested)
        {
            bool room = OutputsHaveRoom();
            bool worked = room && ReadSources(TimeSpan.FromMilliseconds(5));
            do
            {
                foreach (PipelineTask task in tasks) task.Advance();
            }
            while (output.HandOver());
            bool caughtUp = !worked && room && sources.CaughtUp;
            if (sinceRows.Elapsed >= FlushRowsEvery || (caughtUp && !rowsFlushed)) FlushRows();
            if (worked) rowsFlushed = false;
            else if (!caughtUp) cancel.WaitHandle.WaitOne(1);
            if (!caughtUp) idle.Restart();
            if (caughtUp && !status.CaughtUp) writer.Flush(cancel); // who hears of it finds everything written
            Report(caughtUp);
            if (caughtUp && untilIdle is { } wait && idle.Elapsed >= wait) break;
        }
        FlushRows();
        writer.Flush(CancellationToken.None);
    }

    void FlushRows()
    {
        foreach (PipelineTask task in tasks) task.FlushRows();
        sinceRows.Restart();
        rowsFlushed = true;
    }

    bool OutputsHaveRoom() => Enumerable.Range(0, partitions).All(p => kafka.Flow!.HasRoom(TopicNames.Examples, p) && kafka.Flow.HasRoom(TopicNames.Rows, p));

    bool ReadSources(TimeSpan wait)
    {
        bool any = false;
        for (int n = 0; n < 2_000; n++)
        {
            if (sources.Read(n == 0 ? wait : TimeSpan.Zero) is not { } read) break;
            any = true;
            input.Give(tasks[read.Partition.Value], input.IndexOf(read.Topic), read);
        }
        return any;
    }

    void Report(bool caughtUp)
    {
        PipelineTask least = tasks.MinBy(t => t.WatermarkMs)!;
        PipelineCounts written = output.Written;
        Volatile.Write(ref status, new(tasks.Sum(t => t.Used), written.Examples, written.Rows, written.Late, written.Dead, written.Copies,
            least.WatermarkMs, $"{least.SlowestTopic}-{Array.IndexOf(tasks, least)}", caughtUp)
        { Served = written.Served, ServedRows = written.ServedRows, StalerRows = written.StalerRows });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        sources.Dispose();
        writer.Dispose();
    }
}
