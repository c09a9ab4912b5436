using System.Diagnostics;
using System.Numerics.Tensors;
using Ranking.Features.Errors;
using Ranking.Mbat;
using Ranking.Store.Sink;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

/// <summary>A sink of documents that runs beside the test until it is disposed.</summary>
sealed class DocumentSinkRun : IAsyncDisposable
{
    public static readonly MbatEncoder Encoder = new(new() { Dimension = 32 });

    readonly CancellationTokenSource _stop = new();

    public DocumentSinkRun(StoreConnection store, DocumentLog log, MbatEncoder? encoder = null, TimeProvider? clock = null)
    {
        Sink = new(store, "item", encoder ?? Encoder, log.Lateness, new()
        {
            BatchTime = TimeSpan.FromMilliseconds(20),
            LookEvery = TimeSpan.FromMilliseconds(100),
            MoveUpEvery = TimeSpan.FromMilliseconds(300),
            BatchSize = 50,
            Clock = clock ?? TimeProvider.System,
        });
        Loop = Task.Run(() => new SinkLoop<DocumentChange>(log.Read(), Sink).RunAsync(_stop.Token));
    }

    public DocumentSink Sink { get; }

    public Task Loop { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Loop;
        _stop.Dispose();
    }

    /// <summary>Waits until the vector set and what lies beside it are those of the log.</summary>
    public static async Task UntilWholeAsync(StoreConnection store, DocumentLog log, double seconds = 30)
    {
        Stopwatch clock = Stopwatch.StartNew();
        string difference = "";
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            try
            {
                if ((difference = await DifferenceAsync(store, log)).Length == 0) return;
            }
            catch (Exception e) when (StoreConnection.IsServerFault(e) || e is RankingException)
            {
                difference = e.Message;
            }
            await Task.Delay(20);
        }
        Assert.Fail($"after {seconds} s the vectors are not those of the log: {difference}");
    }

    static async Task<string> DifferenceAsync(StoreConnection store, DocumentLog log)
    {
        VectorStore vectors = new(store, "item", Encoder.SettingsHash, Encoder.Dimension);
        Dictionary<string, string> expected = log.Last();
        HashSet<string> known = [];
        await foreach ((string id, _) in new VectorInventory(store, "item", Encoder.SettingsHash).AllAsync()) known.Add(id);
        if (!known.SetEquals(expected.Keys))
            return $"documents: {known.Except(expected.Keys).Count()} too many, {expected.Keys.Except(known).Count()} missing";
        foreach ((string id, string json) in expected)
            if (await vectors.VectorAsync(id) is not { } vector || TensorPrimitives.Dot<float>(vector, Encoder.Encode(json)) < 0.9999f)
                return $"vector of {id}";
        return await vectors.CountAsync() is var count && count == expected.Count ? "" : $"{count} vectors of {expected.Count} documents";
    }
}
