namespace Ranking.Store.Sink;

/// <summary>A record of a topic that a sink applies.</summary>
public interface ISinkChange
{
    /// <summary>Partition it was read from.</summary>
    int Partition { get; }

    /// <summary>Its offset there.</summary>
    long Offset { get; }
}
