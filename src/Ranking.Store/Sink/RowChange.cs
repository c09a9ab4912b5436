namespace Ranking.Store.Sink;

/// <summary>A record of the topic <c>rows</c>: an entity's row as it is now.</summary>
/// <param name="Kind">Entity kind.</param>
/// <param name="Id">Entity's id.</param>
/// <param name="Value">The row's bytes, opaque here; null deletes the entity.</param>
/// <param name="Partition">Partition it was read from.</param>
/// <param name="Offset">Its offset there.</param>
/// <param name="GoneMs">Of a deletion: the watermark at which the entity was gone, Unix milliseconds, where that is known.</param>
public sealed record RowChange(string Kind, string Id, byte[]? Value, int Partition, long Offset, long? GoneMs = null) : ISinkChange;
