using System.Text.Json;
using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining.State;
using Ranking.Features.Spec;
using Ranking.Mbat;

namespace Ranking.Features.Joining;

/// <summary>
/// One task: partition p of the source topics through the sorter to the user's side, and partition p of the owners. Pure: the same
/// messages give the same outputs, whoever carries them, a broker or a loop over files.
/// </summary>
public sealed class PipelineTask
{
    readonly FeaturePlan plan;
    readonly int partition;
    readonly ITaskOutput output;
    readonly Sorter sorter;
    readonly SourceClock clock;
    readonly Erasures erasures;
    readonly UserSide user;
    readonly OwnerSide owners;
    readonly BucketPlan boundary;
    (long WatermarkMs, bool Idle) published;
    long rowRound;

    /// <summary>A task that goes on where its state stands.</summary>
    /// <param name="builder">The features.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="partitions">How many there are.</param>
    /// <param name="output">Where its results go.</param>
    /// <param name="freezeUserAt">The user's aggregates and sequences stay as of this time (evaluation); null: they move.</param>
    /// <param name="state">Its state; empty and in memory by default.</param>
    public PipelineTask(FeatureBuilder builder, int partition, int partitions, ITaskOutput output, DateTimeOffset? freezeUserAt = null, ITaskState? state = null)
    {
        plan = builder.Plan;
        (this.partition, this.output) = (partition, output);
        state ??= new MemoryTaskState();
        Topics = TopicsOf(plan.Spec);
        long latenessMs = (long)plan.Spec.Lateness.TotalMilliseconds;
        clock = state.Marks is { } marks ? new(marks.Topics, marks.WatermarkMs, latenessMs) : new(Topics.Count, latenessMs);
        published = state.Marks?.Published ?? (long.MinValue, false);
        rowRound = state.Marks?.RowRound ?? 0;
        sorter = new(state.Sorting, state.Marks?.Released);
        erasures = new(state.Erased);
        user = new(builder, partitions, output, state, freezeUserAt?.ToUnixTimeMilliseconds() ?? long.MaxValue);
        owners = new(builder, partitions, output, state);
        boundary = new(plan.ShortestBucketMs, 0);
    }

    /// <summary>Where the task stands, beside what its state holds.</summary>
    public TaskMarks Marks => new()
    {
        Topics = [.. clock.Topics],
        WatermarkMs = clock.WatermarkMs,
        Published = published,
        EmittedMs = user.EmittedMs,
        Sources = [.. owners.Sources],
        Released = sorter.Released,
        RowRound = rowRound,
    };

    /// <summary>The source topics, by which <see cref="Receive(int, SourceEvent)"/> counts: impressions, feedback, served, entities by kind.</summary>
    public IReadOnlyList<string> Topics { get; }

    /// <summary>The names, without prefix, of a spec's source topics.</summary>
    public static IReadOnlyList<string> TopicsOf(RankingSpec spec) =>
        ["impressions", "feedback", "served", .. spec.Entities.Keys.Select(k => $"entities.{k}")];

    /// <summary>No source event below this time is used any more.</summary>
    public long WatermarkMs => clock.WatermarkMs;

    /// <summary>Each source topic's own watermark, and whether it is idle.</summary>
    public IReadOnlyList<(long WatermarkMs, bool Idle)> OwnWatermarks => clock.Topics;

    /// <summary>For each source partition the watermark that its task has published, and whether it is idle.</summary>
    public IReadOnlyList<(long WatermarkMs, bool Idle)> Sources => owners.Sources;

    /// <summary>The topic that holds the watermark back.</summary>
    public string SlowestTopic => Topics[clock.Slowest];

    /// <summary>Events that wait in the sorter.</summary>
    public int Sorting => sorter.Count;

    /// <summary>Impressions that wait for their window or answers, and questions that wait for watermarks.</summary>
    public int Waiting => user.WaitingCount + owners.WaitingCount;

    /// <summary>Whether an example only lacks answers: of owners that another member has, or that nobody has now.</summary>
    public bool AwaitsAnswers => user.AwaitsAnswers(clock.WatermarkMs);

    /// <summary>Events that went through the sorter and were used.</summary>
    public long Used { get; private set; }

    /// <summary>An event of a source topic, in the order of its topic.</summary>
    public void Receive(int topic, SourceEvent sourceEvent)
    {
        bool inTime = clock.Observe(topic, sourceEvent.TimeMs);
        if (erasures.Refuses(sourceEvent)) output.Reject(sourceEvent, Rejection.Erased, "");
        else if (inTime) sorter.Add(sourceEvent);
        else output.Reject(sourceEvent, Rejection.Late, $"event time {sourceEvent.TimeMs} is below the watermark {clock.WatermarkOf(topic)} of its topic-partition");
    }

    /// <summary>Forgets a user, at once: ahead of the sorter and without a watermark (streams.md, section 4).</summary>
    public void Erase(Erasure erasure)
    {
        erasures.Add(erasure);
        sorter.Remove(erasures.Refuses);
        user.Erase(erasure);
    }

    /// <summary>A time at which nothing happened in a source topic.</summary>
    public void Heartbeat(int topic, long timeMs) => clock.Observe(topic, timeMs);

    /// <summary>
    /// What a silent topic may follow: the least of this partition's topics that are not idle, or, where all are, of the other partitions
    /// that are not. Null: nothing moves.
    /// </summary>
    public long? ToFollow()
    {
        if (clock.LeastAwake() is { } least) return least;
        long? others = null;
        for (int p = 0; p < owners.Sources.Count; p++)
            if (p != partition && owners.Sources[p] is (var watermarkMs, false) && !(watermarkMs >= others)) others = watermarkMs;
        return others;
    }

    /// <inheritdoc cref="SourceClock.Follow"/>
    public void Follow(int topic, long watermarkMs) => clock.Follow(topic, watermarkMs);

    /// <summary>A message of topic counts.</summary>
    public void Receive(OwnerEvent ownerEvent) => owners.Receive(ownerEvent);

    /// <summary>A watermark of topic counts.</summary>
    public void Receive(SourceWatermark watermark) => owners.Receive(watermark);

    /// <summary>A message of topic answers.</summary>
    public void Receive(OwnerAnswer answer) => user.Receive(answer);

    /// <summary>Releases what the watermark allows, publishes it when it has crossed a bucket's boundary, and emits finished examples.</summary>
    public void Advance()
    {
        while (sorter.TryRelease(clock.WatermarkMs, out SourceEvent? released, out Rejection? rejection))
        {
            if (rejection is { } why) output.Reject(released!, why, why == Rejection.Conflict ? "an event of the same identity but other content was used" : "");
            else Release(released!);
        }
        if (clock.IsIdle != published.Idle || (clock.WatermarkMs != long.MinValue
            && (published.WatermarkMs == long.MinValue || boundary.IndexOf(clock.WatermarkMs) > boundary.IndexOf(published.WatermarkMs)))) Publish();
        if (clock.WatermarkMs != long.MinValue)
        {
            user.Advance(clock.WatermarkMs);
            user.Expire(clock.WatermarkMs);
            erasures.Expire(clock.WatermarkMs);
        }
    }

    /// <summary>Publishes the exact watermark, if it is not yet: others may wait for it.</summary>
    public void Publish()
    {
        if (published == (clock.WatermarkMs, clock.IsIdle)) return;
        published = (clock.WatermarkMs, clock.IsIdle);
        output.Send(new SourceWatermark(partition, published.WatermarkMs, published.Idle));
    }

    /// <summary>Whether rows changed since they were written.</summary>
    public bool HasRows => user.HasRows || owners.HasRows;

    /// <summary>Writes the rows that changed since the last call.</summary>
    public void FlushRows()
    {
        rowRound++;
        user.FlushRows();
        owners.FlushRows();
    }

    void Release(SourceEvent released)
    {
        Used++;
        switch (released)
        {
            case Impression impression: user.Receive(impression); break;
            case Feedback feedback: user.Receive(feedback); break;
            case Served served:
                try
                {
                    user.Receive(served);
                }
                catch (InvalidDataException e)
                {
                    Used--;
                    output.Reject(served, Rejection.Unreadable, e.Message);
                }
                break;
            case EntityDocument document:
                try
                {
                    if (document.Kind == "user") user.Receive(document);
                    else if (plan.Owner(document.Kind) is { } owner) owners.Receive(document, owner);
                }
                catch (Exception e) when (e is JsonException or MbatFormatException)
                {
                    Used--;
                    output.Reject(document, Rejection.Unreadable, $"document is not JSON: {e.Message}");
                }
                break;
        }
    }
}
