using System.Text;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ranking.Features.Events;
using Ranking.Features.Partitioning;
using Ranking.Features.Rows;
using Ranking.Serving.Ranking;
using Ranking.Serving.Telemetry;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Serving.ServedLog;

/// <summary>
/// Writes to topic <c>served</c> what answers were scored with: the items that were answered with and a sample of the rest. Behind the
/// requests and never in their way: what Kafka cannot take in time is dropped and counted, and the pipeline computes it itself.
/// </summary>
internal sealed class ServedWriter(KafkaSettings kafka, RankerMetrics metrics, ILogger<ServedWriter> log) : BackgroundService, IServedLog
{
    /// <summary>The topic, without prefix.</summary>
    public const string Topic = "served";

    /// <summary>One of so many candidates that were not in the answer is written too.</summary>
    public const int RestOneOf = 64;

    const int MostWaiting = 1024;
    static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5), LastWords = TimeSpan.FromSeconds(3);

    readonly Channel<(string FeatureHash, RankResult Result)> waiting = Channel.CreateBounded<(string, RankResult)>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    readonly PackedWriter packed = new();
    bool away;

    /// <inheritdoc/>
    public void Note(string featureHash, RankResult result)
    {
        if (!waiting.Writer.TryWrite((featureHash, result))) metrics.Served("dropped", result.Order.Length);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // the client's calls block, and the host waits for the first turn
        using IProducer<byte[], byte[]?> producer = kafka.Producer(Trouble);
        try
        {
            int partitions = await PartitionsAsync(stoppingToken).ConfigureAwait(false);
            // To the end of the channel, which StopAsync closes: the last answers are told too.
            await foreach ((string featureHash, RankResult result) in waiting.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                Write(producer, partitions, featureHash, result);
            producer.Flush(LastWords);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        waiting.Writer.Complete();
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks until the topic is there; meanwhile requests are served and what they were served with is dropped.</summary>
    async Task<int> PartitionsAsync(CancellationToken cancel)
    {
        using IAdminClient admin = kafka.Admin();
        while (true)
        {
            try
            {
                // All topics: asking for one would make it where the broker may, with partitions that the others do not have.
                int partitions = admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.Find(t => t.Topic == kafka.Topic(Topic))?.Partitions.Count ?? 0;
                if (partitions > 0) return partitions;
                Trouble($"there is no topic {kafka.Topic(Topic)}: `ranking topics create`, `replay` and `pipeline` make it");
            }
            catch (KafkaException e)
            {
                Trouble(e.Error.Reason);
            }
            await Task.Delay(LookAgain, cancel).ConfigureAwait(false);
        }
    }

    void Write(IProducer<byte[], byte[]?> producer, int partitions, string featureHash, RankResult result)
    {
        RankQuery query = result.Query;
        var to = new TopicPartition(kafka.Topic(Topic), Murmur2.Partition(query.User, partitions));
        byte[] key = Encoding.UTF8.GetBytes(query.User);
        var places = new int?[query.Candidates.Count];
        for (int place = 0; place < result.Order.Length; place++) places[result.Order.Span[place]] = place;
        string[] degraded = [.. result.DegradedReasons];
        for (int c = 0; c < places.Length; c++)
        {
            string item = query.Candidates[c].Id;
            if (places[c] is null && Murmur2.Partition($"{query.RequestId}\n{item}", RestOneOf) != 0) continue;
            packed.Clear();
            result.Examples[c].Write(packed);
            byte[] message = SourceMessages.Encode(new Served(query.TimeMs, query.RequestId, query.User, item, result.Layout.Model, featureHash, places[c], degraded, packed.Written.ToArray()));
            try
            {
                producer.Produce(to, new() { Key = key, Value = message }, Delivered);
            }
            catch (ProduceException<byte[], byte[]?> e)
            {
                metrics.Served(e.Error.Code == ErrorCode.Local_QueueFull ? "dropped" : "failed", 1);
                Trouble(e.Error.Reason);
            }
        }
    }

    void Delivered(DeliveryReport<byte[], byte[]?> report)
    {
        metrics.Served(report.Error.IsError ? "failed" : "written", 1);
        if (report.Error.IsError) Trouble(report.Error.Reason);
        else away = false;
    }

    /// <summary>One line when it begins, however many records it costs.</summary>
    void Trouble(string reason)
    {
        if (away) return;
        away = true;
        log.ServedNotWritten(reason);
    }
}
