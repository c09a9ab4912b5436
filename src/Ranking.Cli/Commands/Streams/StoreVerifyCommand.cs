using System.CommandLine;
using System.Globalization;
using Ranking.Cli.Parsing;
using Ranking.Features.Spec;
using Ranking.Store;
using Ranking.Store.Rows;
using Ranking.Store.Upkeep;
using Ranking.Streams.Topics;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking store verify</c>: whether Redis holds exactly the rows that the log ends with.</summary>
internal sealed class StoreVerifyCommand : TopicsCommand
{
    readonly Option<string?> redis = RedisAddress.Option();

    public StoreVerifyCommand() : base("verify", "Compare the rows in Redis with the topic rows; exits with 1 where they differ. Meant for a pipeline that is caught up or stopped.",
        "ranking store verify --spec features/kuairand --kafka localhost:9092 --redis localhost:6379")
    {
        redis.Required = true;
        Add(redis);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        await using StoreConnection store = await StoreConnection.ConnectAsync(RedisAddress.Store(run.Get(redis)!, run.Get(CommonOptions.Namespace) ?? spec.Name));
        StoreDifferences found = await Progress.Run(run.Terminal, async progress =>
        {
            using Progress.Step step = progress.Begin("verify");
            var rows = new LoggedRows(kafka, Existing(spec, kafka, TopicNames.Rows));
            return await new StoreUpkeep(store).VerifyAsync(Counted(rows.ReadAsync(run.Stopping), step), run.Stopping);
        });
        run.Terminal.Result(found, console =>
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{found.Same:N0} rows as they should be, {found.Changed:N0} changed, {found.Missing:N0} missing, {found.Surplus:N0} that only Redis has"));
            foreach (string example in found.Examples) console.WriteLine("  " + example);
        });
        return found.None ? 0 : 1;
    }

    static async IAsyncEnumerable<(EntityKey, byte[])> Counted(IAsyncEnumerable<(EntityKey, byte[])> rows, Progress.Step step)
    {
        long done = 0;
        await foreach ((EntityKey, byte[]) row in rows)
        {
            step.Report(++done);
            yield return row;
        }
    }
}
