using Ranking.Mbat;
using Ranking.Store;
using Ranking.Store.Tests;
using Ranking.Store.Vectors;

namespace Ranking.Serving.Tests;

/// <summary>The part of a pipeline that carries documents to vector sets, running beside a test until it is disposed.</summary>
sealed class VectorWriter : IAsyncDisposable
{
    readonly CancellationTokenSource _stop = new();
    readonly StoreConnection _store;
    readonly DocumentSinks _sinks;
    readonly Task _run;
    readonly string _hash;

    public VectorWriter(StoreConnection store, MbatEncoder encoder, DocumentLog log, TimeSpan keepUnused)
    {
        (_store, _hash) = (store, encoder.SettingsHash);
        _sinks = new(store, "item", encoder, log.Lateness, _ => log.Read(), new()
        {
            BatchTime = TimeSpan.FromMilliseconds(20),
            LookEvery = TimeSpan.FromMilliseconds(30),
            MoveUpEvery = TimeSpan.FromMilliseconds(300),
            BatchSize = 50,
            KeepUnused = keepUnused,
        });
        _run = Task.Run(() => _sinks.RunAsync(_stop.Token));
    }

    /// <summary>Waits until the vectors of its encoder are those that are searched, and hold what the log holds now.</summary>
    public async Task UntilSearchedAsync()
    {
        await _sinks.DrainAsync(_stop.Token).WaitAsync(TimeSpan.FromSeconds(60));
        await TestRanker.EventuallyAsync(async () => _run.IsFaulted || await _store.Database.StringGetAsync(_store.Keys.VectorsCurrent("item")) == _hash);
        if (_run.IsFaulted) await _run;
    }

    /// <summary>Keys of an encoder's vectors that Redis holds.</summary>
    public async Task<int> KeysOfAsync(MbatEncoder encoder)
    {
        int keys = 0;
        await foreach (StackExchange.Redis.RedisKey _ in _store.ScanAsync($"*{encoder.SettingsHash}*")) keys++;
        return keys;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _sinks.Dispose();
        await _store.DisposeAsync();
        _stop.Dispose();
    }
}
