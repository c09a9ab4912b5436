using Confluent.Kafka;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>A member's one producer. A transaction opens with the first message and holds everything up to its commit.</summary>
sealed class TransactionWriter : IMessageWriter, IDisposable
{
    // The client's own time-out, and how long its calls may take in truth: after a restart of the only broker some never return.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Longest = TimeSpan.FromSeconds(20);

    readonly KafkaSettings kafka;
    readonly int partitions;
    readonly IProducer<byte[], byte[]?> producer;
    readonly Dictionary<string, TopicPartition[]> topics = new(StringComparer.Ordinal);
    readonly Message<byte[], byte[]?> message = new(); // the client copies what it holds
    readonly Headers none = [];
    bool hangs;

    /// <summary>Takes the member's place: whoever had it before can commit nothing any more, and what it left open is aborted.</summary>
    public TransactionWriter(KafkaSettings kafka, PipelineOptions options, int partitions)
    {
        (this.kafka, this.partitions) = (kafka, partitions);
        producer = MemberClients.Producer(kafka, options);
        Retry(() => producer.InitTransactions(Patience), CancellationToken.None);
    }

    /// <summary>Whether a transaction is open.</summary>
    public bool IsOpen { get; private set; }

    /// <inheritdoc/>
    public void Write(string topic, int partition, byte[] key, byte[]? value, Headers? headers = null)
    {
        Open();
        if (!topics.TryGetValue(topic, out TopicPartition[]? of))
            topics.Add(topic, of = [.. Enumerable.Range(0, partitions).Select(p => new TopicPartition(kafka.Topic(topic), p))]);
        (message.Key, message.Value, message.Headers) = (key, value, headers ?? none);
        while (true)
        {
            try
            {
                producer.Produce(of[partition], message);
                return;
            }
            catch (ProduceException<byte[], byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(20)); // the broker is slower than we are: wait for it
            }
        }
    }

    /// <summary>Commits what was written together with positions. A commit that times out is tried again: whether it happened is not known.</summary>
    /// <exception cref="KafkaException">The transaction cannot be committed any more, or this producer was fenced.</exception>
    public void Commit(IReadOnlyList<TopicPartitionOffset> positions, IConsumerGroupMetadata group, CancellationToken cancel)
    {
        Open();
        Retry(() => producer.SendOffsetsToTransaction(positions, group, Patience), cancel);
        Retry(() => producer.CommitTransaction(Patience), cancel);
        IsOpen = false;
    }

    /// <summary>Drops what was written since the last commit.</summary>
    public void Abort()
    {
        if (!IsOpen) return;
        Retry(() => producer.AbortTransaction(Patience), CancellationToken.None);
        IsOpen = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!hangs) producer.Dispose(); // one that is in a call cannot be ended; the next session's fences it
    }

    void Open()
    {
        if (IsOpen) return;
        producer.BeginTransaction();
        IsOpen = true;
    }

    void Retry(Action action, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                Task call = Task.Run(action, CancellationToken.None);
                hangs = Task.WaitAny([call], Longest) < 0;
                if (hangs) throw new KafkaException(new Error(ErrorCode.Local_TimedOut, "a call of the client does not return"));
                call.GetAwaiter().GetResult();
                return;
            }
            catch (KafkaRetriableException) when (!cancel.IsCancellationRequested)
            {
                cancel.WaitHandle.WaitOne(50);
            }
        }
    }
}
