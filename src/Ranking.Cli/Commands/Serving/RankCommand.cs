using System.CommandLine;
using System.Globalization;
using Ranking.Cli.Parsing;
using Ranking.Client;
using Ranking.Features.Errors;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking rank</c>: one request to a running ranker.</summary>
internal sealed class RankCommand : RankingCommand
{
    readonly Option<string> url = OptionFactory.Required("--url", "Address of a running ranker.", "URL");
    readonly Option<string> user = OptionFactory.Required("--user", "The user's id.", "ID");
    readonly Option<string> items = OptionFactory.Required("--items", "Ids of the candidates, with commas between.", "A,B,C");
    readonly Option<string?> requestId = OptionFactory.Text("--request-id", "The request's id; made if absent.", "R");
    readonly Option<DateTimeOffset?> time = OptionFactory.Instant("--time", "When features are cut; now by default.");
    readonly Option<string[]> context = OptionFactory.Texts("--context", "Fields of the request's context.", "FIELD=VALUE");
    readonly Option<bool> explain = OptionFactory.Flag("--explain", "Show the features that each item was scored with.");

    public RankCommand() : base("rank", "Ask a running ranker in which order to show items to a user.", "ranking rank --url http://localhost:8080 --user u1 --items v1,v2,v3")
    {
        foreach (Option option in (Option[])[url, user, items, requestId, time, context, explain]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        using var client = new RankingClient(RankerAddress.Parse(run.Get(url)));
        RankAnswer answer = await client.RankAsync(new()
        {
            User = run.Get(user),
            Candidates = [.. run.Get(items).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => new Candidate(id))],
            RequestId = run.Get(requestId),
            Time = run.Get(time),
            Context = Context(run.Get(context)),
            Explain = run.Get(explain),
        }, run.Stopping);
        run.Terminal.Result(new
        {
            request_id = answer.RequestId,
            model = answer.Model,
            degraded = answer.Degraded,
            degraded_reasons = answer.DegradedReasons,
            ranked = answer.Ranked.Select(r => new { id = r.Id, score = r.Score, scores = r.Scores, features = r.Features?.ToDictionary(f => f.Key, f => f.Value.Value) }),
        }, console => Draw(console, answer));
        return 0;
    }

    static void Draw(IAnsiConsole console, RankAnswer answer)
    {
        string[] labels = answer.Ranked is [var first, ..] ? [.. first.Scores.Keys] : [];
        Table table = new Table().Border(TableBorder.None).AddColumns(["", "item", "score", .. labels]);
        foreach ((int place, RankedItem item) in answer.Ranked.Index())
        {
            table.AddRow([(place + 1).ToString(CultureInfo.InvariantCulture), Markup.Escape(item.Id), item.Score.ToString("F4", CultureInfo.InvariantCulture),
                .. labels.Select(l => item.Scores.TryGetValue(l, out double p) ? p.ToString("F4", CultureInfo.InvariantCulture) : "")]);
            if (item.Features is { } features) table.AddRow("", "", "", Markup.Escape(string.Join(", ", features.Select(f => $"{f.Key}={f.Value}"))));
        }
        console.WriteLine($"{answer.Model}, request {answer.RequestId}{(answer.Degraded ? ", degraded: " + string.Join(", ", answer.DegradedReasons) : "")}");
        console.Write(table);
    }

    static Dictionary<string, FeatureValue>? Context(string[] fields)
    {
        if (fields.Length == 0) return null;
        Dictionary<string, FeatureValue> context = [];
        foreach (string field in fields)
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new RankingException(ErrorCodes.WrongUsage, $"--context: {Usage.Quote(field)} is not FIELD=VALUE");
            context[field[..equals]] = FeatureValue.Of(field[(equals + 1)..]);
        }
        return context;
    }
}
