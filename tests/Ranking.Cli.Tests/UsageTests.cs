using System.CommandLine;
using Ranking.Cli.Commands;
using Ranking.Cli.Tests.Running;

namespace Ranking.Cli.Tests;

/// <summary>Wrong usage is one line and exit code 2, whatever the arguments are.</summary>
public class UsageTests
{
    public static TheoryData<string[], string> Mistakes => new()
    {
        { [], "a command is expected" },
        { ["doctro"], "unknown command 'doctro'; did you mean doctor?" },
        { ["doctor", "--log-levle", "debug"], "unknown option '--log-levle'; did you mean --log-level?" },
        { ["doctor", "--log-level", "inof"], "--log-level: 'inof' is not one of debug, info, warning, error, none; did you mean info?" },
        { ["doctor", "--log-level"], "--log-level" },
        { ["doctor", "--log-level", "info", "--log-level", "debug"], "--log-level" },
        { ["doctor", "--namespace", "a b"], "--namespace: 'a b' is none" },
        { ["doctor", "--namespace", ""], "--namespace: an empty value" },
        { ["doctor", "surplus"], "unknown argument 'surplus'" },
        { ["completion"], "completion" },
        { ["completion", "fish"], "shell: 'fish' is not one of bash, zsh" },
        { ["\u001b[31mred\u0007"], "unknown command '\\u001b[31mred\\u0007'" },
        { ["@/etc/passwd"], "unknown command '@/etc/passwd'" },
        { [new string('x', 100_000)], "unknown command 'xxx" },
        { ["--", "doctor"], "" },
        { ["-xyz"], "unknown option '-xyz'" },
        { ["doctor", "--json=perhaps"], "unknown argument 'perhaps'" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_mistake_is_one_line_and_exit_code_2(string[] arguments, string message)
    {
        RankingProcess.Result result = await RankingProcess.Run(arguments);
        Assert.Equal(2, result.Code);
        Assert.Empty(result.Output);
        string line = result.ErrorLine();
        Assert.StartsWith("ranking: RNK0001 wrong usage: ", line, StringComparison.Ordinal);
        Assert.Contains(message, line, StringComparison.Ordinal);
        Assert.True(line.Length < 600, line);
    }

    [Fact]
    public async Task With_json_a_mistake_is_also_one_object()
    {
        RankingProcess.Result result = await RankingProcess.Run(["doctor", "--json", "--no-such-thing"]);
        Assert.Equal(2, result.Code);
        Assert.Equal("RNK0001", result.Json().GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task The_environment_gives_options_and_the_command_line_wins()
    {
        Dictionary<string, string> environment = new() { ["RANKING_JSON"] = "1", ["RANKING_LOG_LEVEL"] = "no-level" };
        RankingProcess.Result refused = await RankingProcess.Run(["completion", "bash"], environment);
        Assert.Equal(2, refused.Code);
        Assert.Contains("(from RANKING_LOG_LEVEL)", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("RNK0001", refused.Json().GetProperty("error").GetProperty("code").GetString());

        RankingProcess.Result typed = await RankingProcess.Run(["completion", "bash", "--log-level", "info"], environment);
        Assert.Equal(0, typed.Code);
        Assert.Equal("bash", typed.Json().GetProperty("shell").GetString());
    }

    [Fact]
    public void Every_help_has_a_description_and_an_example_that_parses()
    {
        var root = new RankingRoot();
        foreach (Command command in All(root))
        {
            Assert.False(string.IsNullOrWhiteSpace(command.Description), command.Name);
            var example = Assert.IsAssignableFrom<IExample>(command);
            Assert.NotEmpty(example.Examples);
            foreach (string line in example.Examples)
            {
                int at = line.IndexOf("ranking ", StringComparison.Ordinal);
                string typed = line[(at + "ranking ".Length)..].Split(['|', '>', ')', '&'])[0].Trim();
                Assert.Empty(CommandLine.Parse(root, typed.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Errors.Select(e => $"{line}: {e.Message}"));
            }
            Assert.All(command.Options, o => Assert.False(string.IsNullOrWhiteSpace(o.Description), $"{command.Name} {o.Name}"));
        }
    }

    [Fact]
    public async Task Help_of_every_command_shows_its_example_and_exits_with_0()
    {
        RankingProcess.Result result = await RankingProcess.Run(["completion", "--help"]);
        Assert.Equal(0, result.Code);
        Assert.Contains("source <(ranking completion bash)", result.Output, StringComparison.Ordinal);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task The_version_is_one_line() => Assert.Matches(@"^\d+\.\d+\.\d+\n$", (await RankingProcess.Run(["--version"])).Output);

    static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
