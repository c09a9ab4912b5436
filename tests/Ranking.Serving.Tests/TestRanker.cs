using System.Net.Http.Json;
using System.Text;
using Microsoft.Extensions.Logging;
using Ranking.Client;
using Ranking.Client.Formats;
using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Rows;
using Ranking.Features.Spec;
using Ranking.Features.Spec.Writing;
using Ranking.Mbat;
using Ranking.Models;
using Ranking.Store;
using Ranking.Store.Embedded;
using Ranking.Store.Tests;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;
using Ranking.Training.Registry;

namespace Ranking.Serving.Tests;

/// <summary>A ranker over a real model, a real registry and an embedded Redis with a few rows.</summary>
sealed class TestRanker : IAsyncDisposable
{
    public static readonly DateTimeOffset Now = new(2022, 5, 6, 0, 0, 0, TimeSpan.FromHours(8));

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ranking-serving-");

    string? server;

    TestRanker() => Registry = new(Path.Combine(folder.FullName, "registry"));

    public RankingSpec Spec { get; } = SpecReader.Parse(Encoding.UTF8.GetBytes(TestSpec.Yaml));

    public ModelRegistry Registry { get; }

    public RankerHost Host { get; private set; } = null!;

    public EmbeddedRedis? Redis { get; private set; }

    public string? RedisAddress => server ?? Redis?.Address;

    public HttpClient Http { get; private set; } = null!;

    public RankingClient Client { get; private set; } = null!;

    public LogLines Log { get; } = new();

    public string RegistryFolder => Registry.Folder;

    /// <summary>Prefix of the keys.</summary>
    public string Namespace { get; private init; } = "small";

    /// <summary>Starts one.</summary>
    /// <param name="publish">Whether a model is published first.</param>
    /// <param name="redis">Whether it has Redis.</param>
    /// <param name="limits">Its limits.</param>
    /// <param name="server">A real Redis (host:port) instead of an embedded one.</param>
    /// <param name="through">From the server's address to that at which the ranker reaches it.</param>
    /// <param name="kafka">The topics to which it writes what it served.</param>
    /// <param name="vectors">A file of vectors; null for those of Redis.</param>
    public static async Task<TestRanker> StartAsync(bool publish = true, bool redis = true, RankerLimits? limits = null, string? server = null, Func<string, string>? through = null, string? vectors = null, KafkaSettings? kafka = null)
    {
        TestRanker ranker = server is null ? new() : new() { Namespace = $"test-{Guid.NewGuid():N}", server = server };
        string spec = Path.Combine(ranker.folder.FullName, "spec");
        Directory.CreateDirectory(spec);
        await File.WriteAllTextAsync(Path.Combine(spec, SpecReader.FileName), TestSpec.Yaml);
        foreach (string sql in (string[])["impressions", "feedback", "users", "items"]) await File.WriteAllTextAsync(Path.Combine(spec, sql + ".sql"), "SELECT 1");
        if (kafka?.Flow is not null) await ProblemTopics.EnsureAsync(kafka, ranker.Spec);
        if (publish) ranker.Publish(1);
        if (redis && server is null) ranker.Redis = EmbeddedRedis.Start(new() { CountCommands = true });
        var options = new RankerOptions
        {
            Registry = ranker.RegistryFolder,
            Spec = spec,
            Redis = ranker.RedisAddress is { } address ? through?.Invoke(address) ?? address : null,
            Namespace = ranker.Namespace,
            VectorFile = vectors,
            Kafka = kafka,
            RegistryPoll = TimeSpan.FromMilliseconds(50),
            Limits = limits ?? new() { DefaultDeadlineMs = 60_000, RedisTimeoutMs = 20_000 },
        };
        ranker.Host = await RankerHost.StartAsync(options, new() { HttpPort = 0, AdminPort = 0, Address = System.Net.IPAddress.Loopback }, l => l.AddProvider(ranker.Log));
        ranker.Http = new() { BaseAddress = ranker.Host.Http, Timeout = TimeSpan.FromSeconds(300) };
        ranker.Client = new(ranker.Host.Http, new() { Timeout = TimeSpan.FromSeconds(300) });
        if (publish) await ranker.ReadyAsync();
        if (redis) await ranker.WriteRowsAsync();
        return ranker;
    }

    public ModelVersion Publish(ulong seed, bool promote = true)
    {
        using var model = new RankingModel(FeatureLayout.Of(Spec), Spec.Model, seed);
        return Registry.Publish(Spec.Name, new()
        {
            Kind = Spec.Model.Kind,
            FeatureHash = Spec.FeatureHash,
            SpecHash = Spec.SpecHash,
            Machine = MachineInfo.Current(),
        }, into =>
        {
            model.Save(into);
            File.WriteAllBytes(Path.Combine(into, ModelVersion.SpecFile), SpecWriter.ToJson(Spec, indented: true));
            File.WriteAllText(Path.Combine(into, ModelVersion.MetricsFile), "{}");
        }, promote);
    }

    public async Task ReadyAsync()
    {
        try
        {
            await EventuallyAsync(async () => (await Http.GetAsync("readyz")).IsSuccessStatusCode);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"not ready: {Host.NotReadyReason}; {string.Join('\n', Log.All)}");
        }
    }

    public static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(180));
        while (!await condition()) await Task.Delay(20, patience.Token);
    }

    /// <summary>Rows as the pipeline would have written them: ten items of three authors, and one user who clicked some.</summary>
    public Dictionary<(string Kind, string Id), byte[]> Rows()
    {
        var plan = new FeaturePlan(Spec);
        var rows = new Dictionary<(string, string), byte[]>();
        var states = new Dictionary<(string Kind, string Id), EntityState>();
        EntityState Of(string kind, string id) => states.TryGetValue((kind, id), out EntityState? s) ? s : states[(kind, id)] = new(plan, plan.Owner(kind)!);
        long day = Now.AddDays(-1).ToUnixTimeMilliseconds();
        void Document(string kind, string id, string json) =>
            Of(kind, id).SetDocument(day, new DocumentReader(plan.Owner(kind)!.Document, new() { Dimension = 16 }).Read(Encoding.UTF8.GetBytes(json)));
        Document("user", "u1", """{"city":"Berlin"}""");
        for (int i = 0; i < 10; i++) Document("item", $"v{i}", $$"""{"music":"m{{i % 3}}","words":["w{{i}}","w{{i + 1}}"]}""");
        for (int i = 0; i < 10; i++)
        {
            FieldValue[] context = [FieldValue.Of("home"), default, default, FieldValue.Of($"a{i % 3}")];
            var keys = new KeyFields("u1", $"v{i}", context);
            foreach ((string kind, string id) in ((string, string)[])[("user", "u1"), ("item", $"v{i}"), ("author", $"a{i % 3}")])
            {
                Of(kind, id).Count(day + i * 60_000, "impression", Feedback.One, keys);
                if (i % 2 == 0) Of(kind, id).Count(day + i * 60_000, "click", Feedback.One, keys);
            }
            if (i % 2 == 0) Of("user", "u1").Remember(day + i * 60_000, "click", keys);
        }
        foreach (((string kind, string id), EntityState state) in states)
        {
            var writer = new PackedWriter();
            state.WriteRow(writer);
            rows[(kind, id)] = writer.Written.ToArray();
        }
        return rows;
    }

    public Task WriteRowsAsync() => WriteRowsAsync(Rows());

    public async Task WriteRowsAsync(IEnumerable<KeyValuePair<(string Kind, string Id), byte[]>> rows)
    {
        await using StoreConnection store = await ConnectAsync();
        foreach (((string kind, string id), byte[] row) in rows) await store.Database.StringSetAsync(store.Keys.Row(kind, id), row);
    }

    public Task<string> MetricsAsync() => Http.GetStringAsync(new Uri(Host.Admin, "metrics"));

    /// <summary>What it has written to topic served, once there is so much.</summary>
    public async Task<Served[]> ServedAsync(KafkaSettings kafka, int partitions, int atLeast)
    {
        using var reader = new TopicReader(kafka, "test", ["served"], partitions);
        var served = new List<Served>();
        await EventuallyAsync(() =>
        {
            while (reader.Read(TimeSpan.FromMilliseconds(200)) is { } read)
                if (SourceMessages.Decode("served", read.Message.Value, Spec.Context.Count).Event is Served record) served.Add(record);
            return Task.FromResult(served.Count >= atLeast);
        });
        return [.. served];
    }

    Task<StoreConnection> ConnectAsync() => StoreConnection.ConnectAsync(new() { Address = RedisAddress!, Namespace = Namespace, CommandTimeout = TimeSpan.FromSeconds(20) });

    /// <summary>Documents of the items as the topic has them, through the sinks into the vector set that is searched then.</summary>
    public async Task WriteDocumentsAsync(IReadOnlyDictionary<string, string> documents, MbatEncoder? encoder = null)
    {
        DocumentLog log = new(1);
        foreach ((string id, string json) in documents) log.Append(id, 1, json);
        await using VectorWriter writer = await FollowAsync(log, encoder);
        await writer.UntilSearchedAsync();
    }

    /// <summary>Sinks that carry a topic of documents to Redis until they are disposed.</summary>
    public async Task<VectorWriter> FollowAsync(DocumentLog log, MbatEncoder? encoder = null, TimeSpan? keepUnused = null) =>
        new(await ConnectAsync(), encoder ?? new MbatEncoder(new FeaturePlan(Spec).Mbat), log, keepUnused ?? TimeSpan.FromMinutes(10));

    /// <summary>Stops Redis and gives back what starts it again on its port, empty.</summary>
    public Func<Task> StopRedis()
    {
        int port = Redis!.Port;
        Redis.Dispose();
        return async () =>
        {
            Redis = EmbeddedRedis.Start(new() { Port = port });
            await WriteRowsAsync();
        };
    }

    public static RankRequest Request(int candidates = 5, bool explain = false) => new()
    {
        User = "u1",
        Time = Now,
        Context = new Dictionary<string, FeatureValue> { ["tab"] = "home" },
        Candidates = [.. Enumerable.Range(0, candidates).Select(i => new Candidate($"v{i}", new Dictionary<string, FeatureValue> { ["author"] = $"a{i % 3}", ["price"] = i }))],
        Explain = explain,
    };

    public Task<HttpResponseMessage> PostAsync(string json, string path = "v1/rank") => Http.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));

    public static async Task<Problem> ProblemAsync(HttpResponseMessage answer)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Problem problem = (await answer.Content.ReadFromJsonAsync(RankingJson.Default.Problem))!;
        Assert.Equal((int)answer.StatusCode, problem.Status);
        Assert.Matches("^RNK[0-9]{4}$", problem.Code);
        return problem;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await Host.DisposeAsync();
        if (server is not null)
        {
            await using StoreConnection store = await ConnectAsync();
            await foreach (StackExchange.Redis.RedisKey key in store.ScanAsync(store.Keys.AllPattern)) await store.Database.KeyDeleteAsync(key);
        }
        Redis?.Dispose();
        folder.Delete(recursive: true);
    }
}

/// <summary>What was logged.</summary>
sealed class LogLines : ILoggerProvider, ILogger
{
    readonly List<string> lines = [];

    public string[] All
    {
        get { lock (lines) return [.. lines]; }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose() { }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (lines) lines.Add(formatter(state, exception) + (exception is null ? "" : " " + exception));
    }
}

/// <summary>One ranker for all tests of a class.</summary>
public sealed class SharedRanker : IAsyncLifetime
{
    internal TestRanker Ranker { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Ranker = await TestRanker.StartAsync(limits: new() { MaxBodyBytes = 100_000, MaxCandidates = 500, MaxIdsOfField = 5, DefaultDeadlineMs = 60_000, RedisTimeoutMs = 20_000 });

    public ValueTask DisposeAsync() => Ranker.DisposeAsync();
}
