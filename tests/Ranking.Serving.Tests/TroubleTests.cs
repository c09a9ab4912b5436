using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Ranking.Client;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Serving.Ranking;
using Ranking.Serving.Retrieval;
using Ranking.Serving.Versions;

namespace Ranking.Serving.Tests;

/// <summary>What happens to requests when models, Redis or time run out.</summary>
[Collection("one after another, since tests count tensors and commands of the whole process")]
public sealed class TroubleTests
{
    [Fact]
    public async Task Without_a_model_it_is_alive_and_not_ready()
    {
        await using TestRanker ranker = await TestRanker.StartAsync(publish: false, redis: false);
        Assert.Equal(HttpStatusCode.OK, (await ranker.Http.GetAsync("healthz")).StatusCode);
        using HttpResponseMessage ready = await ranker.Http.GetAsync("readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Problem problem = await TestRanker.ProblemAsync(ready);
        Assert.Equal("RNK5004", problem.Code);
        Assert.Contains("no model version", problem.Detail, StringComparison.Ordinal);
        using HttpResponseMessage rank = await ranker.PostAsync("""{"user":"u","candidates":["a"]}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, rank.StatusCode);
        Assert.NotNull(rank.Headers.RetryAfter);
        ranker.Publish(1);
        await ranker.ReadyAsync();
        RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request());
        Assert.Equal(["redis_unavailable"], answer.DegradedReasons);
    }

    [Fact]
    public async Task Versions_are_exchanged_under_load_without_an_error()
    {
        await using TestRanker ranker = await TestRanker.StartAsync();
        using var stop = new CancellationTokenSource();
        var models = new HashSet<string>();
        var scores = new Dictionary<string, double>();
        async Task Load()
        {
            while (!stop.IsCancellationRequested)
            {
                RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request(20));
                lock (models)
                {
                    models.Add(answer.Model);
                    // A version's answer never changes: no request saw the weights of two.
                    double sum = answer.Ranked.Sum(r => r.Score);
                    if (!scores.TryAdd(answer.Model, sum)) Assert.Equal(scores[answer.Model], sum, 1e-5);
                }
            }
        }
        Task[] load = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(Load))];
        for (ulong seed = 2; seed <= 4; seed++)
        {
            string name = ranker.Publish(seed).ToString();
            ranker.Host.Hint();
            await TestRanker.EventuallyAsync(() => { lock (models) return Task.FromResult(models.Contains(name)); });
        }
        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.Equal(4, models.Count);
        await TestRanker.EventuallyAsync(async () => (await ranker.Client.ModelsAsync()).Versions.Count == 1); // the old ones are freed
    }

    [Theory]
    [InlineData("weights.safetensors")]
    [InlineData("spec.yaml")]
    [InlineData("checksums")]
    public async Task A_damaged_version_is_refused_by_its_file_and_the_old_one_serves(string file)
    {
        await using TestRanker ranker = await TestRanker.StartAsync(redis: false);
        string folder = ranker.Publish(2, promote: false).Folder;
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(folder, file));
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(folder, file), bytes);
        await File.WriteAllTextAsync(Path.Combine(ranker.RegistryFolder, "small", "promoted"), """{"format":1,"version":2,"previous":[1]}""");
        await TestRanker.EventuallyAsync(async () => (await ranker.Client.ModelsAsync()).Versions.Any(v => v.State == "refused"));
        ModelsAnswer models = await ranker.Client.ModelsAsync();
        Assert.Equal("small@1", models.Serving);
        Assert.Contains(file, models.Versions.Single(v => v.State == "refused").Reason, StringComparison.Ordinal);
        Assert.Equal("small@1", (await ranker.Client.RankAsync(TestRanker.Request())).Model);
        Assert.Contains(ranker.Log.All, l => l.Contains(file, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redis_gone_under_load_degrades_and_comes_back()
    {
        await using TestRanker ranker = await TestRanker.StartAsync(limits: new() { DefaultDeadlineMs = 30_000, RedisTimeoutMs = 500 });
        Assert.False((await ranker.Client.RankAsync(TestRanker.Request())).Degraded);
        using var stop = new CancellationTokenSource();
        bool degraded = false, whole = false;
        Task[] load = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request()); // throws on any error
                Assert.Equal(5, answer.Ranked.Count);
                if (answer.Degraded) Volatile.Write(ref degraded, true);
                else Volatile.Write(ref whole, true);
            }
        }))];
        Func<Task> restart = ranker.StopRedis();
        await TestRanker.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref degraded)));
        await restart();
        Volatile.Write(ref whole, false);
        await TestRanker.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref whole)));
        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.Single(ranker.Log.All, l => l.Contains("Redis is away", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Deadlines_and_queues_have_an_end()
    {
        var scorer = new SlowScorer();
        var limits = new RankerLimits { MaxConcurrent = 1, MaxQueued = 1, DefaultDeadlineMs = 60_000 };
        await using RankerHost host = await RankerHost.StartAsync(s =>
        {
            s.AddSingleton<IVersionSource>(new OneVersion(scorer, limits));
            s.AddSingleton<IRowFetcher, NoRows>();
            s.AddSingleton<IRetriever>(new NoRetrieval("none here"));
            s.AddRankerCore(new() { Registry = "", Spec = "", Limits = limits });
        }, limits, new() { HttpPort = 0, AdminPort = 0, Address = IPAddress.Loopback }, l => { }, CancellationToken.None);
        using var http = new HttpClient { BaseAddress = host.Http };
        await TestRanker.EventuallyAsync(async () => (await http.GetAsync("readyz")).IsSuccessStatusCode);
        scorer.Gate.Reset();
        Task<HttpResponseMessage> Post(string more = "") => http.PostAsync("v1/rank", new StringContent($$"""{"user":"u","candidates":["a"]{{more}}}""", System.Text.Encoding.UTF8, "application/json"));
        Task<HttpResponseMessage> running = Post();
        await scorer.Entered.WaitAsync();
        Task<HttpResponseMessage> late = Post(""","deadline_ms":50"""); // takes the one place in the queue, and its deadline passes there
        Assert.Equal(HttpStatusCode.GatewayTimeout, (await late).StatusCode);
        Task<HttpResponseMessage> waiting = Post();
        await TestRanker.EventuallyAsync(async () => (await http.GetStringAsync("metrics")).Contains("ranking_requests_queued{", StringComparison.Ordinal)
            ? (await http.GetStringAsync("metrics")).Split('\n').Any(l => l.StartsWith("ranking_requests_queued", StringComparison.Ordinal) && l.Contains("} 1", StringComparison.Ordinal)) : false);
        using HttpResponseMessage refused = await Post();
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal("RNK5003", (await TestRanker.ProblemAsync(refused)).Code);
        scorer.Gate.Set();
        Assert.Equal(HttpStatusCode.OK, (await running).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await waiting).StatusCode);
        using HttpResponseMessage similar = await http.PostAsync("v1/similar", new StringContent("""{"id":"a"}""", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.NotImplemented, similar.StatusCode);
        Assert.Contains("none here", (await TestRanker.ProblemAsync(similar)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_port_is_named()
    {
        await using TestRanker ranker = await TestRanker.StartAsync(publish: false, redis: false);
        var limits = new RankerLimits();
        RankingException taken = await Assert.ThrowsAsync<RankingException>(() => RankerHost.StartAsync(
            s => s.AddSingleton<IVersionSource>(new OneVersion(new SlowScorer(), limits)).AddSingleton<IRowFetcher, NoRows>().AddSingleton<IRetriever>(new NoRetrieval("")).AddRankerCore(new() { Registry = "", Spec = "" }),
            limits, new() { HttpPort = 0, AdminPort = ranker.Host.Http.Port, Address = IPAddress.Loopback }, l => { }, CancellationToken.None));
        Assert.Equal("RNK0005", taken.Error.Code);
        Assert.Contains($"port {ranker.Host.Http.Port}", taken.Message, StringComparison.Ordinal);
        Assert.Contains("--admin", taken.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_version_that_gives_no_probabilities_is_refused_while_warming_up()
    {
        var limits = new RankerLimits();
        var source = new OneVersion(new SlowScorer { Value = float.NaN }, limits);
        RankingException e = Assert.Throws<RankingException>(() => new WarmUp().Run(source.Load("small@1")));
        Assert.Contains("small@1", e.Message, StringComparison.Ordinal);
    }

    sealed class OneVersion(SlowScorer scorer, RankerLimits limits) : IVersionSource
    {
        public string? Wanted() => "small@1";

        public ServingVersion Load(string name) =>
            new(name, "f", Features.Spec.SpecReader.Parse(System.Text.Encoding.UTF8.GetBytes(TestSpec.Yaml)), scorer, limits, TimeProvider.System);
    }

    sealed class SlowScorer : IScorer
    {
        public ManualResetEventSlim Gate { get; } = new(true);

        public SemaphoreSlim Entered { get; } = new(0);

        public float Value { get; init; } = 0.5f;

        public bool UsesTokens => false;

        public void Score(IReadOnlyList<FeatureVector> examples, byte[]?[]? tokens, Span<float> probabilities, List<ComputedToken> missed)
        {
            if (!Gate.IsSet) Entered.Release();
            Gate.Wait();
            probabilities.Fill(Value);
        }

        public void Dispose() { }
    }
}
