
namespace Ranking.Cli.Commands;

/// <summary>Something whose help shows examples.</summary>
internal interface IExample
{
    /// <summary>Command lines that work.</summary>
    IReadOnlyList<string> Examples { get; }
}
