using Microsoft.Extensions.Logging;
using Ranking.Features.Errors;
using Ranking.Store;
using Ranking.Store.Sink;
using Ranking.Streams.Tests.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Faults;

/// <summary>The sink of a member's process, as <c>ranking pipeline</c> has one: it ends the process where it fails.</summary>
sealed class MemberSink : IAsyncDisposable
{
    readonly StoreConnection store;
    readonly StoreSinks sinks;
    readonly CancellationTokenSource stop = new();
    readonly Task running;

    MemberSink(StoreConnection store, StoreSinks sinks)
    {
        (this.store, this.sinks) = (store, sinks);
        running = sinks.RunAsync(stop.Token);
        running.ContinueWith(failed =>
        {
            Console.WriteLine($"the sink failed: {failed.Exception}");
            Environment.Exit(4);
        }, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>Connects, however long that takes: a server that is away is one that comes back.</summary>
    public static async Task<MemberSink?> StartAsync(KafkaSettings kafka, MemberStart start, Func<IReadOnlyList<int>> held, ILogger logger, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            StoreConnection? store = null;
            try
            {
                store = await StoreConnection.ConnectAsync(Options(start.Redis!, kafka));
                return new(store, await StoreSinks.OpenAsync(Outcome.Builder.Plan, kafka, start.Partitions, store, LoggerFactory.Create(l => l.AddProvider(new Lines(logger))), held));
            }
            catch (RankingException)
            {
                if (store is not null) await store.DisposeAsync();
            }
        }
        return null;
    }

    /// <summary>How the small problem's store is reached.</summary>
    public static StoreOptions Options(string redis, KafkaSettings kafka) =>
        new() { Address = redis, Namespace = kafka.Namespace, CommandTimeout = TimeSpan.FromSeconds(1), ConnectTimeout = TimeSpan.FromSeconds(2) };

    public Task DrainAsync() => sinks.DrainAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        sinks.Dispose();
        await store.DisposeAsync();
        stop.Dispose();
    }

    sealed class Lines(ILogger logger) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => logger;

        public void Dispose() { }
    }
}
