namespace Ranking.Streams.Topics;

/// <summary>What became of a message.</summary>
public enum Delivery
{
    /// <summary>The broker has it.</summary>
    Written,
    /// <summary>The broker refused it or did not answer for too long.</summary>
    Failed,
    /// <summary>There was no room for it: the broker is slower than the writer.</summary>
    Dropped,
}
