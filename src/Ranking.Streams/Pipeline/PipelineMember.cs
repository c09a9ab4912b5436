using Microsoft.Extensions.Logging;
using Ranking.Features.Examples;
using Ranking.Streams.Loop;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Pipeline;

/// <summary>
/// A member of a problem's pipeline: reads source topics, counts and answers, and writes what the tasks say. On a real broker it shares
/// the partitions with the other members and loses and repeats nothing; on the embedded one it has them all, and its state in memory.
/// </summary>
public sealed class PipelineMember : IDisposable
{
    readonly IPipelineLoop loop;

    /// <summary>Prepares; nothing is read before <see cref="Run"/>.</summary>
    public PipelineMember(FeatureBuilder builder, KafkaSettings kafka, int partitions, ILogger logger, PipelineOptions? options = null) =>
        loop = kafka.Flow is null ? new MemberLoop(builder, kafka, partitions, options ?? new(), logger) : new EmbeddedLoop(builder, kafka, partitions, logger);

    /// <summary>How far it is; may be read from other threads.</summary>
    public PipelineStatus Status => loop.Status;

    /// <summary>Works until told to stop, or until it has been caught up for a time.</summary>
    /// <param name="untilIdle">How long it must have been caught up; null: for ever.</param>
    /// <param name="cancel">Tells it to stop.</param>
    /// <exception cref="Features.Errors.RankingException">
    /// RNK2004: records were deleted unread. RNK2006: state and offsets do not agree. RNK1006: the namespace is of another spec.
    /// RNK2008, RNK2009: another process has this member's folder or name.
    /// </exception>
    public void Run(TimeSpan? untilIdle, CancellationToken cancel) => loop.Run(untilIdle, cancel);

    /// <inheritdoc/>
    public void Dispose() => loop.Dispose();
}
