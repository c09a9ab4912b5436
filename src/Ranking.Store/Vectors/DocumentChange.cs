using Ranking.Store.Sink;

namespace Ranking.Store.Vectors;

/// <summary>A record of a topic of documents.</summary>
/// <param name="Id">The entity's id; null for a heartbeat, which only says how late it is.</param>
/// <param name="TimeMs">Event time, Unix milliseconds.</param>
/// <param name="Json">The document in UTF-8; null deletes it.</param>
/// <param name="Partition">Partition it was read from.</param>
/// <param name="Offset">Its offset there.</param>
public sealed record DocumentChange(string? Id, long TimeMs, byte[]? Json, int Partition, long Offset) : ISinkChange;
