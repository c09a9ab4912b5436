using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking completion bash|zsh</c>: a script for the shell; what it completes comes from the commands themselves.</summary>
internal sealed class CompletionCommand : RankingCommand
{
    readonly Argument<string> shell = new("shell") { Description = "bash or zsh", HelpName = "bash|zsh" };

    public CompletionCommand() : base("completion", "Print a completion script for a shell.", "source <(ranking completion bash)", "ranking completion zsh > ~/.zfunc/_ranking")
    {
        shell.CompletionSources.Add("bash", "zsh");
        Add(shell);
    }

    public override Task<int> RunAsync(Invocation run)
    {
        string script = run.Get(shell) switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            var other => throw new RankingException(ErrorCodes.WrongUsage, $"shell: {Usage.Quote(other)} is not one of bash, zsh"),
        };
        if (run.Terminal.Json) run.Terminal.Line(new { shell = run.Get(shell), script });
        else run.Terminal.Raw(script);
        return Task.FromResult(0);
    }

    // [suggest:N] is System.CommandLine's directive: the completions at character N of the line that follows.
    const string Bash = """
        # bash completion for ranking
        _ranking() {
            local word=${COMP_WORDS[COMP_CWORD]} suggestions
            suggestions=$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null) || return
            mapfile -t COMPREPLY < <(compgen -W "${suggestions}" -- "${word}")
        }
        complete -o default -F _ranking ranking
        """;

    const string Zsh = """
        #compdef ranking
        _ranking() {
            local -a suggestions
            suggestions=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -a suggestions || _files
        }
        if [ "${funcstack[1]}" = "_ranking" ]; then _ranking "$@"; else compdef _ranking ranking; fi
        """;
}
