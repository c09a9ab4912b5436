using Microsoft.Extensions.Logging;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Mbat;
using Ranking.Store.Vectors;
using Ranking.Streams.Topics;

namespace Ranking.Store.Sink;

/// <summary>
/// Everything that carries a problem's topics to Redis: rows and, where the spec has documents of items and the server vector sets, the
/// documents' vectors.
/// </summary>
public sealed partial class StoreSinks : IDisposable
{
    readonly KafkaRows _rows;
    readonly SinkLoop<RowChange> _rowLoop;

    StoreSinks(KafkaRows rows, StoreConnection store, DocumentSinks? documents, ILoggerFactory logs)
    {
        (_rows, Rows, Documents) = (rows, new(store, gone: documents is null ? null : documents.ExpireAsync), documents);
        _rowLoop = new(rows, Rows, logs.CreateLogger<RowSink>());
    }

    /// <summary>The sink of rows.</summary>
    public RowSink Rows { get; }

    /// <summary>The sinks of vectors; null where there are none.</summary>
    public DocumentSinks? Documents { get; }

    /// <summary>Connects to the topics; on the embedded broker, writers wait for the sinks from here on.</summary>
    /// <param name="plan">The problem.</param>
    /// <param name="kafka">Where its topics are.</param>
    /// <param name="partitions">Partitions of each.</param>
    /// <param name="store">The server.</param>
    /// <param name="logs">Told of trouble.</param>
    /// <param name="held">Partitions whose tasks run in this process now, which are read here; null for all.</param>
    /// <exception cref="RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public static async Task<StoreSinks> OpenAsync(FeaturePlan plan, KafkaSettings kafka, int partitions, StoreConnection store, ILoggerFactory logs, Func<IReadOnlyList<int>>? held = null)
    {
        DocumentSinks? documents = null;
        if (plan.Spec.Entities.ContainsKey(VectorStore.SearchedKind))
        {
            if ((await store.AbilitiesAsync()).VectorSets)
                documents = new(store, VectorStore.SearchedKind, new MbatEncoder(plan.Mbat), plan.Spec.Lateness, reader => new KafkaDocuments(kafka, reader, VectorStore.SearchedKind, partitions, held, plan.Spec.Json), logs: logs);
            else LogNoVectorSets(logs.CreateLogger<DocumentSink>());
        }
        return new(new(kafka, partitions, held), store, documents, logs);
    }

    /// <summary>Waits until everything that the topics hold now is in Redis; the sinks must be running.</summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        await _rowLoop.DrainAsync(cancellation);
        if (Documents is not null) await Documents.DrainAsync(cancellation);
    }

    /// <summary>Runs until <paramref name="stop"/>, or until one of the sinks fails.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] loops = [Task.Run(() => _rowLoop.RunAsync(all.Token), CancellationToken.None)];
        if (Documents is not null) loops = [.. loops, Task.Run(() => Documents.RunAsync(all.Token), CancellationToken.None)];
        await Task.WhenAny(loops);
        await all.CancelAsync();
        await Task.WhenAll(loops);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        Documents?.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Redis has no vector sets: documents are not searchable, everything else works")]
    static partial void LogNoVectorSets(ILogger logger);
}
