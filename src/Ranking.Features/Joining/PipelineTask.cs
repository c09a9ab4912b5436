using System.Text.Json;
using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Rows;
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
    readonly Sorter sorter = new();
    readonly SourceClock clock;
    readonly UserSide user;
    readonly OwnerSide owners;
    readonly BucketPlan boundary;
    long publishedMs = long.MinValue;

    /// <summary>An empty task.</summary>
    /// <param name="builder">The features.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="partitions">How many there are.</param>
    /// <param name="output">Where its results go.</param>
    /// <param name="freezeUserAt">The user's aggregates and sequences stay as of this time (evaluation); null: they move.</param>
    /// <param name="state">State of the entities by kind; in memory by default.</param>
    public PipelineTask(FeatureBuilder builder, int partition, int partitions, ITaskOutput output, DateTimeOffset? freezeUserAt = null, Func<string, IKeyedState<EntityState>>? state = null)
    {
        plan = builder.Plan;
        (this.partition, this.output) = (partition, output);
        state ??= _ => new MemoryState<EntityState>();
        Topics = TopicsOf(plan.Spec);
        clock = new(Topics.Count, (long)plan.Spec.Lateness.TotalMilliseconds);
        user = new(builder, partitions, output, state("user"), freezeUserAt?.ToUnixTimeMilliseconds() ?? long.MaxValue);
        owners = new(builder, partitions, output, state);
        boundary = new(plan.ShortestBucketMs, 0);
    }

    /// <summary>The source topics, by which <see cref="Receive(int, SourceEvent)"/> counts: impressions, feedback, entities by kind.</summary>
    public IReadOnlyList<string> Topics { get; }

    /// <summary>The names, without prefix, of a spec's source topics.</summary>
    public static IReadOnlyList<string> TopicsOf(RankingSpec spec) =>
        ["impressions", "feedback", .. spec.Entities.Keys.Select(k => $"entities.{k}")];

    /// <summary>No source event below this time is used any more.</summary>
    public long WatermarkMs => clock.WatermarkMs;

    /// <summary>The topic that holds the watermark back.</summary>
    public string SlowestTopic => Topics[clock.Slowest];

    /// <summary>Events that wait in the sorter.</summary>
    public int Sorting => sorter.Count;

    /// <summary>Impressions that wait for their window or answers, and questions that wait for watermarks.</summary>
    public int Waiting => user.WaitingCount + owners.WaitingCount;

    /// <summary>Events that went through the sorter and were used.</summary>
    public long Used { get; private set; }

    /// <summary>An event of a source topic, in the order of its topic.</summary>
    public void Receive(int topic, SourceEvent sourceEvent)
    {
        if (clock.Observe(topic, sourceEvent.TimeMs)) sorter.Add(sourceEvent);
        else output.Reject(sourceEvent, Rejection.Late, $"event time {sourceEvent.TimeMs} is below the watermark {clock.WatermarkOf(topic)} of its topic-partition");
    }

    /// <summary>A time at which nothing happened in a source topic.</summary>
    public void Heartbeat(int topic, long timeMs) => clock.Observe(topic, timeMs);

    /// <summary>Marks a topic as idle, or not.</summary>
    public void SetIdle(int topic, bool idle) => clock.SetIdle(topic, idle);

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
        if (clock.WatermarkMs != long.MinValue && (publishedMs == long.MinValue || boundary.IndexOf(clock.WatermarkMs) > boundary.IndexOf(publishedMs)))
        {
            publishedMs = clock.WatermarkMs;
            output.Send(new SourceWatermark(partition, publishedMs));
        }
        if (clock.WatermarkMs != long.MinValue)
        {
            user.Advance(clock.WatermarkMs);
            user.Expire(clock.WatermarkMs);
        }
    }

    /// <summary>Writes the rows that changed since the last call.</summary>
    public void FlushRows()
    {
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
