using System.Collections.Concurrent;
using System.Globalization;
using Ranking.Client;

namespace Ranking.EndToEnd.Tests.Loop;

/// <summary>Callers that rank without a pause, and do not try again, and remember which versions answered.</summary>
sealed class Load : IAsyncDisposable
{
    readonly RankingClient client;
    readonly CancellationTokenSource stop = new();
    readonly Task[] callers;
    readonly ConcurrentDictionary<int, bool> versions = [];
    readonly ConcurrentQueue<string> errors = [];

    public Load(Uri ranker, int callers)
    {
        client = new(ranker, new() { Retries = 0, Timeout = TimeSpan.FromSeconds(20) });
        this.callers = [.. Enumerable.Range(0, callers).Select(n => Task.Run(() => Call(n)))];
    }

    /// <summary>The versions that answered.</summary>
    public IEnumerable<int> Versions => versions.Keys;

    /// <summary>What went wrong.</summary>
    public IReadOnlyCollection<string> Errors => errors;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(callers);
        client.Dispose();
        stop.Dispose();
    }

    async Task Call(int caller)
    {
        for (int n = 0; !stop.IsCancellationRequested; n++)
        {
            try
            {
                RankAnswer answer = await client.RankAsync(new() { User = $"u{(caller + n) % 20}", Candidates = [.. Enumerable.Range(0, 20).Select(i => new Candidate($"v{i}"))], Context = new Dictionary<string, FeatureValue> { ["tab"] = FeatureValue.Of("t") } });
                versions[int.Parse(answer.Model.Split('@')[1], CultureInfo.InvariantCulture)] = true;
                if (answer.Ranked.Count != 20) errors.Enqueue($"{answer.Ranked.Count} items");
            }
            catch (RankingClientException e)
            {
                errors.Enqueue(e.Message);
            }
        }
    }
}
