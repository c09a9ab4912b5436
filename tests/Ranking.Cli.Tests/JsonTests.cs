using System.CommandLine;
using Ranking.Cli.Commands;
using Ranking.Cli.Tests.Running;

namespace Ranking.Cli.Tests;

/// <summary>With <c>--json</c> a command that fails writes one object, whichever it is; one that streams writes nothing more.</summary>
public class JsonTests
{
    public static TheoryData<string> Commands => [.. Leaves(new RankingRoot(), "").Select(c => c.Path)];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Every_command_that_fails_says_so_in_one_object(string path)
    {
        RankingCommand command = Leaves(new RankingRoot(), "").Single(c => c.Path == path).Command;
        string nowhere = Path.Combine(Path.GetTempPath(), "ranking-no-such-folder");
        string[] values = [.. command.Options.Where(o => o.Required || o.Name is "--spec" or "--kafka" or "--redis").SelectMany(o => (string[])[o.Name, o.Name switch
        {
            "--kafka" or "--redis" => "127.0.0.1:1",
            "--url" => "http://127.0.0.1:1",
            "--user" or "--items" or "--a" or "--b" or "--model" => "x@1",
            "--path" => "a",
            "--at" => "0:0",
            _ => nowhere,
        }])];
        RankingProcess.Result result = await RankingProcess.Run([.. path.Split(' '), .. command.Arguments.Select(_ => nowhere), .. values, "--json"]);
        if (path == "doctor")
        {
            Assert.Equal(1, result.Code);
            Assert.False(result.Json().GetProperty("ok").GetBoolean());
            return;
        }
        Assert.InRange(result.Code, 1, 2);
        Assert.StartsWith("ranking: RNK", result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("RNK0099", result.Errors, StringComparison.Ordinal);
        if (command.Streams && result.Output.Length == 0) return;
        Assert.Matches(@"^RNK\d{4}$", result.Json().GetProperty("error").GetProperty("code").GetString());
    }

    static IEnumerable<(string Path, RankingCommand Command)> Leaves(Command command, string path) => command.Subcommands.SelectMany(c =>
        c is RankingCommand leaf ? [($"{path} {c.Name}".Trim(), leaf)] : Leaves(c, $"{path} {c.Name}".Trim()));
}
