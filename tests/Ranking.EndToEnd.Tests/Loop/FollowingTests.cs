using System.Diagnostics;
using System.Text.Json;
using Ranking.Cli.Tests.Running;
using Ranking.Training.Registry;

namespace Ranking.EndToEnd.Tests.Loop;

/// <summary>
/// The loop closed on real servers: events come, the pipeline makes examples, a trainer follows and publishes, a ranker swaps under
/// load. Runs when it is asked for, since it takes half a minute: <c>--explicit only</c> with RANKING_TEST_KAFKA and RANKING_TEST_REDIS7.
/// </summary>
public sealed class FollowingTests : IDisposable
{
    const int Batch = 100, Impressions = 3_000;

    readonly Shop shop = new();

    [Fact(Explicit = true)]
    public async Task A_trainer_that_is_killed_goes_on_to_the_versions_of_one_that_was_not_and_no_caller_sees_an_error()
    {
        string? redis = Environment.GetEnvironmentVariable("RANKING_TEST_REDIS7");
        Assert.SkipWhen(Broker.Real is null || redis is null, "RANKING_TEST_KAFKA and RANKING_TEST_REDIS7 name no servers");
        await using Broker broker = await Broker.StartAsync(shop.Spec);
        string[] problem = broker.Arguments(shop);
        using RankingProcess pipeline = RankingProcess.Start(["pipeline", .. problem, "--redis", redis!, "--state", shop["state"], "--commit-every", "50ms"]);
        using RankingProcess undisturbed = Train("undisturbed");
        using var killed = Train("killed");
        using RankingProcess replay = RankingProcess.Start(["replay", .. problem, "--rate", "300"]);

        int first = await Published("killed", after: 0, killed);
        using RankingProcess ranker = RankingProcess.Start(["serve", "--spec", shop.Folder, "--namespace", broker.Kafka.Namespace, "--registry", shop["killed"], "--redis", redis!, "--http", "0", "--admin", "0", "--json"]);
        await ranker.WaitFor("\"http\"");
        await ranker.WaitFor("serving shop@");
        Uri address = new(JsonDocument.Parse(ranker.Output).RootElement.GetProperty("http").GetString()!);
        var load = new Load(address, callers: 2);
        await using (load)
        {
            int last = await Published("killed", after: first + 3, killed);
            killed.Signal("KILL");
            await killed.Exit();
            last = Registry("killed").List().Max(v => v.Version); // it may have published one more before it died
            using RankingProcess resumed = Train("killed", "--resume");
            Assert.Equal(0, (await replay.Exit()).Code);
            // All but what fills no batch.
            await Until(() => Samples("killed").Max() == Impressions && Samples("undisturbed").Max() == Impressions, resumed);
            Assert.True(Registry("killed").List().Max(v => v.Version) > last + 3, "the resumed one published hardly anything");
            await Until(() => load.Versions.Any(v => v > last), ranker);
            Assert.Contains(load.Versions, v => v <= last);
            foreach (RankingProcess process in (RankingProcess[])[resumed, undisturbed, pipeline])
            {
                process.Signal("TERM");
                await process.Exit();
            }
            Compare(last);
        }
        Assert.Empty(load.Errors);

        RankingProcess Train(string registry, params string[] further) => RankingProcess.Start(["train", .. problem, "--registry", shop[registry], "--follow", "--publish-every", "1ms",
            "--set", $"training.batch={Batch}", "--set", "training.gate_auc=1", "--set", "model.d=8", "--set", "model.h=2", "--set", "model.l=1", .. further]);
    }

    public void Dispose() => shop.Dispose();

    /// <summary>Whatever two versions have learned from the same number of examples is the same, byte by byte.</summary>
    void Compare(int last)
    {
        Dictionary<long, int> others = [];
        foreach (VersionLine line in Registry("undisturbed").List()) others[line.Info!.Samples] = line.Version;
        int before = 0, after = 0;
        foreach (VersionLine line in Registry("killed").List())
        {
            if (!others.TryGetValue(line.Info!.Samples, out int other)) continue;
            (string one, string two) = (Registry("killed").Open("shop", line.Version).Folder, Registry("undisturbed").Open("shop", other).Folder);
            string[] files = [.. Directory.GetFiles(one, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(one, f)).Where(f => f is not (ModelVersion.InfoFile or ModelVersion.MetricsFile or Checksums.FileName))];
            Assert.NotEmpty(files);
            foreach (string file in files)
                Assert.True(File.ReadAllBytes(Path.Combine(one, file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(two, file))), $"{file} of version {line.Version} differs from version {other}, both of {line.Info.Samples} examples");
            if (line.Version <= last) before++;
            else after++;
        }
        Assert.True(before > 2 && after > 2, $"{before} versions before and {after} after the kill were compared");
    }

    async Task<int> Published(string registry, int after, RankingProcess trainer)
    {
        await Until(() => Registry(registry).List().Any(v => v.Version > after), trainer);
        return Registry(registry).List().Max(v => v.Version);
    }

    static async Task Until(Func<bool> holds, RankingProcess process)
    {
        for (var watch = Stopwatch.StartNew(); !holds(); await Task.Delay(50))
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(2), $"did not come to pass\n{process.Output}\n{process.Errors}");
    }

    ModelRegistry Registry(string name) => new(shop[name]);

    IEnumerable<long> Samples(string registry) => Registry(registry).List().Select(v => v.Info?.Samples ?? 0).Append(0);
}
