using Confluent.Kafka;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Store.Sink;

/// <summary>A topic of a real or the embedded broker, read for a sink.</summary>
public abstract class KafkaChanges<TChange> : ISinkSource<TChange>, IDisposable
    where TChange : class, ISinkChange
{
    readonly TopicReader _reader;
    readonly string _topic;
    readonly long[] _positions;
    readonly Func<IReadOnlyList<int>>? _held;
    readonly int[] _all;
    IReadOnlyList<int> _read;

    /// <summary>A reader of the partitions whose tasks run here.</summary>
    /// <param name="kafka">Where the topic is.</param>
    /// <param name="reader">Name of the reader, for the embedded broker's flow.</param>
    /// <param name="topic">The topic, without prefix.</param>
    /// <param name="partitions">Its partitions.</param>
    /// <param name="held">Those whose tasks run here now; null for all.</param>
    protected KafkaChanges(KafkaSettings kafka, string reader, string topic, int partitions, Func<IReadOnlyList<int>>? held)
    {
        (_topic, Partitions) = (topic, partitions);
        _held = held;
        _read = _all = [.. Enumerable.Range(0, partitions)];
        _positions = new long[partitions];
        _reader = new(kafka, reader, [topic], partitions);
    }

    /// <inheritdoc/>
    public int Partitions { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> Held => _held?.Invoke() ?? _all;

    /// <summary>Records that could not be read; they are passed over, since one of them must not stop the sink.</summary>
    public long Unreadable { get; private set; }

    /// <inheritdoc/>
    public bool HasReached(PartitionBounds bounds) => _reader.HasReached(_topic, bounds.Partition, bounds.End);

    /// <summary>A record as a change.</summary>
    /// <exception cref="MessageFormatException">It cannot be read.</exception>
    protected abstract TChange Decode(ConsumeResult<byte[], byte[]?> read);

    /// <inheritdoc/>
    public ValueTask<PartitionBounds> BoundsAsync(int partition, CancellationToken cancellation)
    {
        (long begin, long end) = _reader.Bounds(_topic, partition, cancellation);
        return new(new PartitionBounds(partition, begin, end));
    }

    /// <inheritdoc/>
    public void Seek(int partition, long offset)
    {
        _positions[partition] = offset;
        _reader.Seek(_topic, partition, offset);
    }

    /// <inheritdoc/>
    public long Position(int partition) => _positions[partition];

    /// <inheritdoc/>
    public ValueTask ReadAsync(ICollection<TChange> into, int max, TimeSpan wait, CancellationToken cancellation)
    {
        LetGo();
        for (int n = 0; n < max; n++)
        {
            if (_reader.Read(n == 0 ? wait : TimeSpan.Zero) is not { } read) break;
            _positions[read.Partition.Value] = read.Offset.Value + 1;
            try
            {
                into.Add(Decode(read));
            }
            catch (MessageFormatException)
            {
                Unreadable++;
            }
        }
        return default;
    }

    // What a task that has gone elsewhere wrote is read there; what comes back is taken again by Seek.
    void LetGo()
    {
        IReadOnlyList<int> held = Held;
        if (ReferenceEquals(held, _read)) return;
        foreach (int partition in _all.Except(held)) _reader.Release(_topic, partition);
        _read = held;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        GC.SuppressFinalize(this);
    }
}
