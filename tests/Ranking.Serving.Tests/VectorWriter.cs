using Ranking.Mbat;
using Ranking.Store;
using Ranking.Store.Tests;

namespace Ranking.Serving.Tests;

/// <summary>The part of a pipeline that carries documents to vector sets, running beside a test until it is disposed.</summary>
sealed class VectorWriter(StoreConnection store, MbatEncoder encoder, DocumentLog log, TimeSpan keepUnused) : IAsyncDisposable
{
    readonly DocumentSinksRun run = new(store, log, encoder, keepUnused);

    /// <summary>Waits until the vectors of its encoder are those that are searched, and hold what the log holds now.</summary>
    public async Task UntilSearchedAsync()
    {
        await run.Sinks.DrainAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
        await TestRanker.EventuallyAsync(async () => run.Task.IsFaulted || await store.Database.StringGetAsync(store.Keys.VectorsCurrent("item")) == encoder.SettingsHash);
        if (run.Task.IsFaulted) await run.Task;
    }

    /// <summary>Keys of an encoder's vectors that Redis holds.</summary>
    public Task<int> KeysOfAsync(MbatEncoder of) => DocumentSinksRun.KeysOfAsync(store, of);

    public async ValueTask DisposeAsync()
    {
        await run.DisposeAsync();
        await store.DisposeAsync();
    }
}
