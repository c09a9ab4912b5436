using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Ranking.Features.Examples;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;
using RocksDbSharp;

namespace Ranking.Streams.Loop;

/// <summary>
/// A member's life on a real broker: one session after another. A session that cannot go on (fenced after a long stop, a transaction
/// that must be aborted, a broker that is away, a state folder that is gone or a disk that is full) has written nothing that counts; the
/// next one begins at what was committed.
/// </summary>
sealed partial class MemberLoop(FeatureBuilder builder, KafkaSettings kafka, int partitions, PipelineOptions options, ILogger logger) : IPipelineLoop
{
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    readonly PipelineProgress progress = new();

    /// <inheritdoc/>
    public PipelineStatus Status => progress.Status;

    /// <inheritdoc/>
    public void Run(TimeSpan? untilIdle, CancellationToken cancel)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(100);
        while (!cancel.IsCancellationRequested)
        {
            long before = progress.Commits;
            try
            {
                using var session = new MemberSession(builder, kafka, partitions, options, progress, logger);
                session.Run(untilIdle, cancel);
                return;
            }
            catch (Exception e) when (e is KafkaException or RocksDbException or IOException)
            {
                if (cancel.IsCancellationRequested) return; // told to stop, and what is not committed does not count
                pause = progress.Commits > before ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
                LogAgain(logger, e.Message);
                cancel.WaitHandle.WaitOne(pause);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() { }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Begins again at what was committed: {Reason}")]
    static partial void LogAgain(ILogger logger, string reason);
}
