namespace Ranking.Streams.State;

/// <summary>A key of a task's state and its new bytes; null: it is gone.</summary>
readonly record struct StateChange(byte[] Key, byte[]? Value);
