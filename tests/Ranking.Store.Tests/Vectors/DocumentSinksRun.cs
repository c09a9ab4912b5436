using Ranking.Mbat;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

/// <summary>The sinks of a member of an encoder's settings, running until disposed; in a hurry, so that tests are.</summary>
sealed class DocumentSinksRun : IAsyncDisposable
{
    readonly CancellationTokenSource _stop = new();

    public DocumentSinksRun(StoreConnection store, DocumentLog log, MbatEncoder encoder, TimeSpan? keepUnused = null)
    {
        Sinks = new(store, "item", encoder, log.Lateness, _ => log.Read(), new()
        {
            BatchTime = TimeSpan.FromMilliseconds(10),
            LookEvery = TimeSpan.FromMilliseconds(30),
            MoveUpEvery = TimeSpan.FromMilliseconds(200),
            BatchSize = 50,
            KeepUnused = keepUnused ?? TimeSpan.FromMinutes(10),
        });
        Task = System.Threading.Tasks.Task.Run(() => Sinks.RunAsync(_stop.Token));
    }

    public DocumentSinks Sinks { get; }

    public Task Task { get; }

    /// <summary>Keys of an encoder's vectors that Redis holds.</summary>
    public static async Task<int> KeysOfAsync(StoreConnection store, MbatEncoder encoder)
    {
        int keys = 0;
        await foreach (StackExchange.Redis.RedisKey _ in store.ScanAsync($"{store.Keys.Namespace}:*{encoder.SettingsHash}*")) keys++;
        return keys;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task;
        Sinks.Dispose();
        _stop.Dispose();
    }
}
