using System.CommandLine;

namespace Ranking.Cli.Commands;

/// <summary>A command that does something: how it runs, ends on a signal and reports a failure is the same for all.</summary>
internal abstract class RankingCommand : Command, IExample
{
    /// <summary>Declares it.</summary>
    /// <param name="name">As typed.</param>
    /// <param name="description">One sentence for the help.</param>
    /// <param name="examples">Command lines that work, for the help.</param>
    protected RankingCommand(string name, string description, params string[] examples) : base(name, description)
    {
        Examples = examples;
        SetAction((parsed, _) => Invocation.Run(this, parsed));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>Whether being told to stop is how it ends well: servers then exit with 0, others with 130.</summary>
    public virtual bool IsServer => false;

    /// <summary>Whether it writes one JSON object a line: a failure then adds no object.</summary>
    public virtual bool Streams => false;

    /// <summary>Does it.</summary>
    /// <returns>The exit code.</returns>
    public abstract Task<int> RunAsync(Invocation run);
}
