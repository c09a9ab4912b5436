namespace Ranking.Store.Sink;

/// <summary>Read <paramref name="Partition"/> from <paramref name="Offset"/> again, unless its position lies below that already.</summary>
public readonly record struct Rewind(int Partition, long Offset);
