using Ranking.Streams.Pipeline;

namespace Ranking.Streams.Loop;

/// <summary>How a member reads, works and writes.</summary>
interface IPipelineLoop : IDisposable
{
    /// <summary>How far it is; may be read from other threads.</summary>
    PipelineStatus Status { get; }

    /// <summary>Works until told to stop, or until it has been caught up for a time.</summary>
    void Run(TimeSpan? untilIdle, CancellationToken cancel);
}
