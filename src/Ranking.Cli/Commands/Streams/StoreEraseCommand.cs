using System.CommandLine;
using System.Text;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;
using Ranking.Store;
using Ranking.Store.Rows;
using Ranking.Store.Upkeep;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking store erase</c>: forgets a person, in Redis now and in the pipeline's state when it reads the mark.</summary>
internal sealed class StoreEraseCommand : ProblemCommand
{
    static readonly string[] NotReached =
    [
        "impressions, feedback, served, examples and their .late and .dead topics: until their retention",
        "counts and answers: until they are applied",
        "models and checkpoints: the user's row in ID tables until its time to live, and what was learned",
        "what items and other entities counted of the user's events",
        "raw logs and files of examples",
    ];

    readonly Option<string?> redis = RedisAddress.Option(), user = OptionFactory.Text("--user", "The user's id.", "ID");
    readonly Option<DateTimeOffset?> before = OptionFactory.Instant("--before", "Events before this are refused; now by default.");

    public StoreEraseCommand() : base("erase", "Forget a person: the row in Redis at once, the pipeline's state when it reads the mark; lists what that does not reach.",
        "ranking store erase --spec features/kuairand --kafka localhost:9092 --redis localhost:6379 --user 17")
    {
        (redis.Required, user.Required) = (true, true);
        foreach (Option option in (Option[])[redis, user, before]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        (RankingSpec problem, KafkaSettings topics) = Problem(run);
        string id = run.Get(user)!;
        DateTimeOffset time = run.Get(before) ?? DateTimeOffset.UtcNow;
        if (!Ids.IsValid(id)) throw new RankingException(ErrorCodes.WrongUsage, $"--user: {Usage.Quote(id)} is no id; 1 to {Ids.MaxBytes} bytes of UTF-8 are expected");
        if (!problem.Entities.ContainsKey("user"))
            throw new RankingException(ErrorCodes.WrongUsage, $"the spec '{problem.Name}' has no entities.user, whose topic {SourceMessages.ErasureTopic} carries the mark to the pipeline");
        int partitions = await ProblemTopics.EnsureAsync(topics, problem);
        // The mark first: a pipeline that reads it later than Redis forgets writes nothing back but what is newer.
        using (var writer = new TopicWriter(topics))
        {
            writer.Write(SourceMessages.ErasureTopic, Murmur2.Partition(id, partitions), Encoding.UTF8.GetBytes(id), SourceMessages.Encode(new Erasure(id, time.ToUnixTimeMilliseconds())));
            writer.Flush(run.Stopping);
        }
        await using StoreConnection store = await StoreConnection.ConnectAsync(RedisAddress.Store(run.Get(redis)!, topics.Namespace));
        long keys = await new StoreUpkeep(store).EraseAsync(new EntityKey("user", id));
        run.Terminal.Result(new { user = id, before = time, redis_keys = keys, not_reached = NotReached }, console =>
        {
            console.WriteLine($"{keys} keys deleted in Redis; the pipeline forgets {id} when it reads the mark. Not reached:");
            foreach (string what in NotReached) console.WriteLine($"- {what}");
        });
        return 0;
    }
}
