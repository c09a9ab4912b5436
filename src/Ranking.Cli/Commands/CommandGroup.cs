using System.CommandLine;

namespace Ranking.Cli.Commands;

/// <summary>A command whose subcommands do something.</summary>
internal sealed class CommandGroup : Command, IExample
{
    /// <summary>Declares it.</summary>
    public CommandGroup(string name, string description, string example, params Command[] commands) : base(name, description)
    {
        Examples = [example];
        foreach (Command command in commands) Subcommands.Add(command);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Examples { get; }
}
