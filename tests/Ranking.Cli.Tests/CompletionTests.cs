using System.Diagnostics;
using Ranking.Cli.Tests.Running;

namespace Ranking.Cli.Tests;

/// <summary>The completion script, run by the shell it is for.</summary>
public class CompletionTests
{
    [Theory]
    [InlineData("ranking compl", "completion")]
    [InlineData("ranking doctor --log-fo", "--log-format")]
    [InlineData("ranking doctor --log-format js", "json")]
    public async Task Bash_completes_what_is_being_typed(string typed, string expected)
    {
        string script = (await RankingProcess.Run(["completion", "bash"])).Output;
        string test = $"""
            {script}
            PATH={AppContext.BaseDirectory}:$PATH
            COMP_LINE='{typed}' COMP_POINT={typed.Length} COMP_WORDS=({typed}) COMP_CWORD=$((${"{#COMP_WORDS[@]}"} - 1))
            _ranking
            printf '%s\n' "${"{COMPREPLY[@]}"}"
            """;
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["--norc", "-c", test]) { RedirectStandardOutput = true })!;
        string output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        Assert.Equal([expected], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
