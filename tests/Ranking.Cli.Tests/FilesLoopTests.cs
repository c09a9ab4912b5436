using System.Text.Json;
using Ranking.Cli.Tests.Running;
using Ranking.Store;
using Ranking.Store.Embedded;
using Ranking.Training.Registry;

namespace Ranking.Cli.Tests;

/// <summary>From raw logs to versions that are compared, by the commands alone: each prints one JSON object with the keys that scripts read.</summary>
public sealed class FilesLoopTests(FilesLoopTests.Trained trained) : IClassFixture<FilesLoopTests.Trained>
{
    /// <summary>Examples of the shop and two versions of it.</summary>
    public sealed class Trained : IAsyncLifetime
    {
        internal Shop Shop { get; } = new();

        internal string Examples => Shop["all.parquet"];

        internal string Registry => Shop["models"];

        internal JsonElement Made { get; private set; }

        internal JsonElement First { get; private set; }

        internal JsonElement Second { get; private set; }

        public async ValueTask InitializeAsync()
        {
            // Options by the environment alone, as a container has them.
            Made = (await RankingProcess.Run(["examples"], new Dictionary<string, string> { ["RANKING_SPEC"] = Shop.Folder, ["RANKING_OUT"] = Examples, ["RANKING_JSON"] = "1" })).Json();
            First = await Train("training.dense_rate=0.02");
            Second = await Train("training.dense_rate=0.000000001", "training.sparse_rate=0.000000001");
        }

        public ValueTask DisposeAsync()
        {
            Shop.Dispose();
            return default;
        }

        internal string[] TrainArguments(params string[] set) =>
        [
            "train", "--spec", Shop.Folder, "--examples", Examples, "--registry", Registry, "--model", "lr", "--to", Shop.After(2000), "--valid-from", Shop.After(2000),
            "--set", "training.batch=64", .. set.SelectMany(s => (string[])["--set", s]), "--json",
        ];

        async Task<JsonElement> Train(params string[] set)
        {
            RankingProcess.Result result = await RankingProcess.Run(TrainArguments(set));
            Assert.True(result.Code == 0, result.Errors);
            return result.Json();
        }
    }

    [Fact]
    public async Task Versions_are_trained_evaluated_by_segment_and_compared()
    {
        Assert.Equal(3000, trained.Made.GetProperty("examples").GetInt64());
        foreach (string key in (string[])["model", "version", "samples", "samples_per_s", "metrics", "seconds"]) Assert.True(trained.First.TryGetProperty(key, out _), key);
        Assert.Equal((1, 2000L), (trained.First.GetProperty("version").GetInt32(), trained.First.GetProperty("samples").GetInt64()));

        JsonElement report = await Run("evaluate", "--model", "shop@1", "--examples", trained.Examples, "--from", Shop.After(2000), "--segment", "item");
        Assert.Equal(1000, report.GetProperty("rows").GetInt32());
        JsonElement click = report.GetProperty("labels").GetProperty("click");
        double auc = click.GetProperty("auc").GetDouble();
        Assert.InRange(auc, click.GetProperty("auc_low").GetDouble(), click.GetProperty("auc_high").GetDouble());
        foreach (string key in (string[])["gauc", "gauc_reason", "logloss", "ne", "ece", "ndcg10"]) Assert.True(click.TryGetProperty(key, out _), key);
        Assert.Equal(20, report.GetProperty("segments").EnumerateObject().Count());

        JsonElement difference = (await Run("compare", "--a", "shop@2", "--b", "shop@1", "--examples", trained.Examples)).GetProperty("labels").GetProperty("click");
        Assert.InRange(difference.GetProperty("delta_auc").GetDouble(), difference.GetProperty("low").GetDouble(), difference.GetProperty("high").GetDouble());
        Assert.InRange(difference.GetProperty("p").GetDouble(), 0, 1);
        RankingProcess.Result unknown = await RankingProcess.Run(["evaluate", "--registry", trained.Registry, "--model", "shop@9", "--examples", trained.Examples, "--json"]);
        Assert.Equal((1, "RNK4001"), (unknown.Code, unknown.Json().GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task The_version_that_serves_is_shown_changed_and_changed_back()
    {
        Assert.Equal(2, (await Run("models", "list")).GetProperty("versions").GetArrayLength());
        Assert.Equal("lr", (await Run("models", "show", "--model", "shop@2")).GetProperty("info").GetProperty("kind").GetString());
        JsonElement promoted = await Run("models", "promote", "--model", "shop@2");
        Assert.Equal((2, 1), (promoted.GetProperty("version").GetInt32(), promoted.GetProperty("before").GetInt32()));
        Assert.Equal(1, (await Run("models", "rollback", "--model", "shop")).GetProperty("version").GetInt32());
        RankingProcess.Result none = await RankingProcess.Run(["models", "promote", "--registry", trained.Registry, "--model", "shop"]);
        Assert.Equal(2, none.Code);
        Assert.Contains("NAME@V is expected", none.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_trainer_of_a_model_is_refused_and_told_who_the_first_is()
    {
        using WriterLock first = new ModelRegistry(trained.Registry).LockForTraining("shop");
        RankingProcess.Result second = await RankingProcess.Run(trained.TrainArguments());
        Assert.Equal((1, "RNK0004"), (second.Code, second.Json().GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains($"process {Environment.ProcessId} on ", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_logs_every_trial_and_goes_on_from_its_log()
    {
        string log = trained.Shop["trials.jsonl"], valid = trained.Shop["valid.parquet"];
        await RankingProcess.Run(["examples", "--spec", trained.Shop.Folder, "--out", valid, "--from", Shop.After(2500)]);
        string[] Tune(int trials) => ["tune", "--spec", trained.Shop.Folder, "--examples", trained.Examples, "--valid", valid, "--model", "lr", "--trials", $"{trials}", "--range", "training.batch=256,512", "--log", log, "--json"];
        RankingProcess.Result one = await RankingProcess.Run(Tune(1));
        Assert.True(one.Code == 0, one.Errors);
        string firstLine = Assert.Single(await File.ReadAllLinesAsync(log));
        JsonElement two = (await RankingProcess.Run(Tune(2))).Json();
        Assert.Equal(2, two.GetProperty("trials").GetInt32());
        string[] lines = await File.ReadAllLinesAsync(log);
        Assert.Equal((firstLine, 2), (lines[0], lines.Length));
        Assert.Equal(lines.Max(l => JsonSerializer.Deserialize<JsonElement>(l).GetProperty("auc").GetDouble()), two.GetProperty("best").GetProperty("auc").GetDouble());
        Assert.Contains(two.GetProperty("best").GetProperty("settings").GetProperty("training.batch").GetString(), (string[])["256", "512"]);
    }

    [Fact]
    public async Task Benches_count_what_they_did_and_leave_no_key()
    {
        string documents = trained.Shop["documents.jsonl"];
        await File.WriteAllLinesAsync(documents, Enumerable.Range(0, 50).Select(i => $$"""{"name":"n{{i}}","tags":["a","b"]}"""));
        JsonElement encode = (await RankingProcess.Run(["bench", "encode", documents, "--dim", "256", "--duration", "200ms", "--json"])).Json();
        Assert.Equal((50, 256), (encode.GetProperty("documents").GetInt32(), encode.GetProperty("dimension").GetInt32()));
        Assert.True(encode.GetProperty("documents_per_s").GetDouble() > 0 && encode.GetProperty("parsed_per_s").GetDouble() > 0);

        using EmbeddedRedis redis = EmbeddedRedis.Start();
        await using StoreConnection connection = await StoreConnection.ConnectAsync(new() { Address = redis.Address, Namespace = "shop" });
        StackExchange.Redis.RedisKey row = connection.Keys.Row("item", "0");
        await connection.Database.StringSetAsync(row, "somebody ranks from it");
        JsonElement store = (await RankingProcess.Run(["bench", "store", "--redis", redis.Address, "--namespace", "shop", "--rows", "20", "--duration", "200ms", "--json"])).Json();
        Assert.True(store.GetProperty("fetches").GetInt64() > 0);
        Assert.InRange(store.GetProperty("latency_ms").GetProperty("p50").GetDouble(), 0, store.GetProperty("latency_ms").GetProperty("p100").GetDouble());
        List<string> left = [];
        await foreach (StackExchange.Redis.RedisKey key in connection.ScanAsync("*")) left.Add(key.ToString());
        Assert.Equal([row.ToString()], left);
        Assert.Equal("somebody ranks from it", await connection.Database.StringGetAsync(row));
    }

    async Task<JsonElement> Run(params string[] arguments)
    {
        RankingProcess.Result result = await RankingProcess.Run([.. arguments, "--registry", trained.Registry, "--json"]);
        Assert.True(result.Code == 0, result.Errors);
        return result.Json();
    }
}
