using System.Collections.Concurrent;

namespace Ranking.Streams.Topics;

/// <summary>
/// How many bytes of each partition were produced and not read by everybody yet. librdkafka's in-process broker keeps about 5 MB a
/// partition and drops the rest silently, so producers wait while a partition holds more than <see cref="LimitBytes"/>.
/// </summary>
public sealed class EmbeddedFlow
{
    /// <summary>What a partition may hold unread.</summary>
    public const long LimitBytes = 1_500_000;

    /// <summary>What a message takes in the broker beside its key and value.</summary>
    const int Overhead = 40;

    readonly ConcurrentDictionary<(string Topic, int Partition), long> produced = new();
    readonly ConcurrentDictionary<(string Topic, int Partition), ConcurrentDictionary<string, long>> consumed = new();
    readonly ConcurrentDictionary<string, ConcurrentDictionary<string, bool>> readers = new();

    /// <summary>A reader that has to keep up with a topic from now on; producers wait for it.</summary>
    public void Register(string topic, string reader) => readers.GetOrAdd(topic, _ => new()).TryAdd(reader, true);

    /// <summary>A reader that has gone.</summary>
    public void Unregister(string topic, string reader)
    {
        if (readers.TryGetValue(topic, out var of)) of.TryRemove(reader, out _);
    }

    /// <summary>A message was produced.</summary>
    public void Produced(string topic, int partition, int bytes) => produced.AddOrUpdate((topic, partition), bytes + Overhead, (_, n) => n + bytes + Overhead);

    /// <summary>A message was read.</summary>
    public void Consumed(string topic, int partition, string reader, int bytes) =>
        consumed.GetOrAdd((topic, partition), _ => new()).AddOrUpdate(reader, bytes + Overhead, (_, n) => n + bytes + Overhead);

    /// <summary>Bytes of a partition that its slowest reader has not read.</summary>
    public long Unread(string topic, int partition)
    {
        long total = produced.GetValueOrDefault((topic, partition));
        if (!readers.TryGetValue(topic, out var of) || of.IsEmpty) return 0;
        consumed.TryGetValue((topic, partition), out var read);
        long least = long.MaxValue;
        foreach (string reader in of.Keys) least = Math.Min(least, read?.GetValueOrDefault(reader) ?? 0);
        return total - least;
    }

    /// <summary>Whether a partition has room.</summary>
    public bool HasRoom(string topic, int partition) => Unread(topic, partition) <= LimitBytes;

    /// <summary>Waits until a partition has room.</summary>
    public void Wait(string topic, int partition, CancellationToken cancel)
    {
        while (!HasRoom(topic, partition)) cancel.WaitHandle.WaitOne(1);
        cancel.ThrowIfCancellationRequested();
    }
}
