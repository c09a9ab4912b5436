using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Mbat;
using Ranking.Store;
using Ranking.Store.Upkeep;
using Ranking.Store.Vectors;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking store rebuild</c>: has the sinks write every row and vector again from the log's beginning.</summary>
internal sealed class StoreRebuildCommand : RankingCommand
{
    readonly Option<string> spec = SpecOptions.Spec();
    readonly Option<string?> redis = RedisAddress.Option();

    public StoreRebuildCommand() : base("rebuild", "Have the pipeline write all rows and vectors again and delete those that the log does not have; they stay readable meanwhile.",
        "ranking store rebuild --spec features/kuairand --redis localhost:6379")
    {
        redis.Required = true;
        Add(spec);
        Add(redis);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        RankingSpec problem = SpecOptions.Read(run.Get(spec));
        string name = run.Get(CommonOptions.Namespace) ?? problem.Name;
        await using StoreConnection store = await StoreConnection.ConnectAsync(RedisAddress.Store(run.Get(redis)!, name));
        await new StoreUpkeep(store).RebuildAsync();
        if (problem.Entities.ContainsKey(VectorStore.SearchedKind) && (await store.AbilitiesAsync()).VectorSets)
            await new VectorUpkeep(store, VectorStore.SearchedKind, new MbatEncoder(new FeaturePlan(problem).Mbat)).RebuildAsync();
        run.Terminal.Result(new { @namespace = name, rebuild = true }, console => console.WriteLine($"the sinks of {name} begin at the log's beginning, now or when the pipeline next runs"));
        return 0;
    }
}
