using System.Globalization;
using System.Net;
using Ranking.Cli.Tests.Running;
using Ranking.Store.Embedded;

namespace Ranking.Cli.Tests;

/// <summary>How commands end: servers with 0 when they are told to, others with 130, and nothing is left behind.</summary>
public class SignalTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_ranker_prints_the_ports_it_picked_answers_there_and_ends_with_0(string signal)
    {
        using Shop shop = new();
        using EmbeddedRedis redis = EmbeddedRedis.Start();
        using RankingProcess ranker = RankingProcess.Start([.. Serve(shop, redis), "--http", "0", "--admin", "0", "--json"]);
        await ranker.WaitFor("\"admin\":");
        Uri http = new(new RankingProcess.Result(0, ranker.Output, "").Json().GetProperty("http").GetString()!);
        Assert.NotEqual(0, http.Port);
        using HttpClient client = new();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(http, "/healthz"))).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync(new Uri(http, "/readyz"))).StatusCode); // No version is there yet.

        RankingProcess.Result second = await RankingProcess.Run([.. Serve(shop, redis), "--http", http.Port.ToString(CultureInfo.InvariantCulture), "--admin", "0", "--json"]);
        Assert.Equal((1, "RNK0005"), (second.Code, second.Json().GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains($"port {http.Port} of", second.Errors, StringComparison.Ordinal);
        Assert.Contains("--http", second.Errors, StringComparison.Ordinal);

        ranker.Signal(signal);
        Assert.Equal(0, (await ranker.Exit()).Code);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_command_that_is_interrupted_ends_with_130_and_leaves_no_half_file(string signal)
    {
        using Shop shop = new();
        // Enough rows that it is never done before the signal comes.
        File.WriteAllText(Path.Combine(shop.Folder, "impressions.sql"), File.ReadAllText(Path.Combine(shop.Folder, "impressions.sql")).Replace("range(3000)", "range(500000)", StringComparison.Ordinal));
        string temporary = Directory.CreateDirectory(shop["tmp"]).FullName, made = Directory.CreateDirectory(shop["out"]).FullName;
        using RankingProcess examples = RankingProcess.Start(["examples", "--spec", shop.Folder, "--out", Path.Combine(made, "x.parquet"), "--json"], new Dictionary<string, string> { ["TMPDIR"] = temporary });
        await examples.WaitFor("events: started");
        examples.Signal(signal);
        RankingProcess.Result result = await examples.Exit();
        Assert.Equal(130, result.Code);
        Assert.Empty(result.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(made));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(temporary), e => Path.GetFileName(e).StartsWith("ranking-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wait_for_standard_input_is_interrupted_too()
    {
        using RankingProcess encode = RankingProcess.Start(["encode"]);
        await encode.WaitFor("encode: started");
        encode.Signal("INT");
        Assert.Equal(130, (await encode.Exit(15)).Code);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_pipeline_that_is_told_to_stop_says_what_it_did_and_ends_with_0(string signal)
    {
        if (Broker.Real is null) Assert.Skip("RANKING_TEST_KAFKA names no broker");
        using Shop shop = new();
        using EmbeddedRedis redis = EmbeddedRedis.Start();
        await using Broker broker = await Broker.StartAsync(shop.Spec);
        RankingProcess.Result replayed = await RankingProcess.Run(["replay", .. broker.Arguments(shop), "--json"]);
        Assert.True(replayed.Code == 0, replayed.Errors);
        using RankingProcess pipeline = RankingProcess.Start(["pipeline", .. broker.Arguments(shop), "--redis", redis.Address, "--state", shop["state"], "--json"]);
        await pipeline.WaitFor("takes partitions");
        pipeline.Signal(signal);
        RankingProcess.Result result = await pipeline.Exit();
        Assert.Equal(0, result.Code);
        foreach (string key in (string[])["events", "examples", "late", "dead", "seconds"]) Assert.True(result.Json().TryGetProperty(key, out _), key);

        // What was done is kept: a second run, which ends by itself, brings the rest and no more.
        RankingProcess.Result rest = await RankingProcess.Run(["pipeline", .. broker.Arguments(shop), "--redis", redis.Address, "--state", shop["state"], "--until-idle", "2s", "--json"]);
        Assert.True(rest.Code == 0, rest.Errors);
        Assert.Equal(3000, result.Json().GetProperty("examples").GetInt64() + rest.Json().GetProperty("examples").GetInt64());
        RankingProcess.Result verified = await RankingProcess.Run(["store", "verify", .. broker.Arguments(shop), "--redis", redis.Address, "--json"]);
        Assert.True(verified.Code == 0, verified.Output + verified.Errors);
    }

    static string[] Serve(Shop shop, EmbeddedRedis redis) => ["serve", "--spec", shop.Folder, "--registry", Directory.CreateDirectory(shop["models"]).FullName, "--redis", redis.Address];
}
