namespace Ranking.Store.Sink;

/// <summary>What a partition holds: offsets from <paramref name="Begin"/> up to but not including <paramref name="End"/>.</summary>
public readonly record struct PartitionBounds(int Partition, long Begin, long End);
