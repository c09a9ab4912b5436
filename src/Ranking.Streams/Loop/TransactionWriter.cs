using Confluent.Kafka;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>
/// A member's one producer. A transaction opens with the first message and holds everything up to its commit. A commit takes its time on a
/// thread of its own; what is written meanwhile waits here for the next transaction.
/// </summary>
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
    readonly Queue<(TopicPartition To, byte[] Key, byte[]? Value, Headers? Headers)> waiting = new();
    readonly CancellationTokenSource closing = new();
    Task? committing;
    bool isOpen, hangs;

    /// <summary>Takes the member's place: whoever had it before can commit nothing any more, and what it left open is aborted.</summary>
    public TransactionWriter(KafkaSettings kafka, PipelineOptions options, int partitions)
    {
        (this.kafka, this.partitions) = (kafka, partitions);
        producer = MemberClients.Producer(kafka, options);
        Retry(() => producer.InitTransactions(Patience), CancellationToken.None);
    }

    /// <summary>Whether anything was written since the last commit began.</summary>
    public bool IsOpen => isOpen || waiting.Count > 0;

    /// <summary>Whether a commit is under way that has not come to its end yet.</summary>
    public bool IsCommitting => committing is { IsCompleted: false };

    /// <inheritdoc/>
    public void Write(string topic, int partition, byte[] key, byte[]? value, Headers? headers = null)
    {
        if (!topics.TryGetValue(topic, out TopicPartition[]? of))
            topics.Add(topic, of = [.. Enumerable.Range(0, partitions).Select(p => new TopicPartition(kafka.Topic(topic), p))]);
        if (committing is null) Produce(of[partition], key, value, headers);
        else waiting.Enqueue((of[partition], key, value, headers));
    }

    /// <summary>
    /// Begins to commit what was written together with positions; <see cref="Finish"/> ends it. A commit that times out is tried again:
    /// whether it happened is not known.
    /// </summary>
    /// <param name="positions">The inputs that it contains.</param>
    /// <param name="group">The group's metadata, just read.</param>
    /// <param name="then">What follows the commit, on its thread.</param>
    /// <param name="cancel">Ends the trying again.</param>
    public void BeginCommit(IReadOnlyList<TopicPartitionOffset> positions, IConsumerGroupMetadata group, Action then, CancellationToken cancel)
    {
        Finish();
        Open();
        isOpen = false;
        committing = Task.Run(() =>
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, closing.Token);
            Retry(() => producer.SendOffsetsToTransaction(positions, group, Patience), stop.Token);
            Retry(() => producer.CommitTransaction(Patience), stop.Token);
            then();
        }, CancellationToken.None);
    }

    /// <summary>Waits for the commit that is under way, if one is.</summary>
    /// <exception cref="KafkaException">The transaction cannot be committed any more, or this producer was fenced.</exception>
    public void Finish()
    {
        if (committing is null) return;
        committing.GetAwaiter().GetResult();
        committing = null;
        while (waiting.TryDequeue(out (TopicPartition To, byte[] Key, byte[]? Value, Headers? Headers) next)) Produce(next.To, next.Key, next.Value, next.Headers);
    }

    /// <summary>Ends it; a commit that is under way comes to its end first.</summary>
    public void Dispose()
    {
        closing.Cancel();
        if (committing is not null) Task.WaitAny(committing);
        if (!hangs) producer.Dispose(); // one that is in a call cannot be ended; the next session's fences it
        closing.Dispose();
    }

    void Produce(TopicPartition to, byte[] key, byte[]? value, Headers? headers)
    {
        Open();
        (message.Key, message.Value, message.Headers) = (key, value, headers ?? none);
        while (true)
        {
            try
            {
                producer.Produce(to, message);
                return;
            }
            catch (ProduceException<byte[], byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(20)); // the broker is slower than we are: wait for it
            }
        }
    }

    void Open()
    {
        if (isOpen) return;
        producer.BeginTransaction();
        isOpen = true;
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
