using System.Text;
using System.Threading.Channels;
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
    volatile bool away;

    /// <inheritdoc/>
    public void Note(string featureHash, RankResult result)
    {
        if (!waiting.Writer.TryWrite((featureHash, result))) metrics.Served("dropped", result.Order.Length);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // the client's calls block, and the host waits for the first turn
        using var writer = new LossyWriter(kafka, Delivered);
        try
        {
            int partitions = await PartitionsAsync(writer, stoppingToken).ConfigureAwait(false);
            // To the end of the channel, which StopAsync closes: the last answers are told too.
            await foreach ((string featureHash, RankResult result) in waiting.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                Write(writer, partitions, featureHash, result);
            writer.Flush(LastWords);
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
    async Task<int> PartitionsAsync(LossyWriter writer, CancellationToken cancel)
    {
        while (true)
        {
            int? partitions = writer.PartitionsOf(Topic);
            if (partitions > 0) return partitions.Value;
            Trouble(partitions is null ? $"{kafka.BootstrapServers} does not answer" : $"there is no topic {kafka.Topic(Topic)}: `ranking topics create`, `replay` and `pipeline` make it");
            await Task.Delay(LookAgain, cancel).ConfigureAwait(false);
        }
    }

    void Write(LossyWriter writer, int partitions, string featureHash, RankResult result)
    {
        RankQuery query = result.Query;
        int partition = Murmur2.Partition(query.User, partitions);
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
            writer.Write(Topic, partition, key,
                SourceMessages.Encode(new Served(query.TimeMs, query.RequestId, query.User, item, result.Layout.Model, featureHash, places[c], degraded, packed.Written.ToArray())));
        }
    }

    void Delivered(Delivery delivery, string? reason)
    {
        metrics.Served(delivery switch { Delivery.Written => "written", Delivery.Dropped => "dropped", _ => "failed" }, 1);
        if (reason is null) away = false;
        else Trouble(reason);
    }

    /// <summary>One line when it begins, however many records it costs.</summary>
    void Trouble(string reason)
    {
        if (away) return;
        away = true;
        log.ServedNotWritten(reason);
    }
}
