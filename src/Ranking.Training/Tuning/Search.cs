using Ranking.Features.Spec;
using Ranking.Training.Batches;

namespace Ranking.Training.Tuning;

/// <summary>What is searched.</summary>
public sealed record Search
{
    /// <summary>The problem; what is not drawn is as it says.</summary>
    public required RankingSpec Spec { get; init; }

    /// <summary>What trials learn from.</summary>
    public required IExampleSource Examples { get; init; }

    /// <summary>What they are compared on.</summary>
    public required IExampleSource Validation { get; init; }

    /// <summary>Trials of each kind: the same budget for all.</summary>
    public required int Trials { get; init; }

    /// <summary>The kinds of model; the spec's own by default.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>Ranges instead of <see cref="SearchSpaces"/>' for their paths.</summary>
    public IReadOnlyList<SearchRange> Ranges { get; init; } = [];

    /// <summary>Seed of the draws; that of training is the spec's.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Trials of a kind that must be done before a weak one may be stopped early.</summary>
    public int Unhurried { get; init; } = 4;

    /// <summary>Batches between validations; 0: at the end of each pass only.</summary>
    public int ValidateEvery { get; init; }

    /// <summary>cpu or cuda.</summary>
    public string Device { get; init; } = "cpu";

    internal IReadOnlyList<string> AllKinds => Kinds.Count > 0 ? Kinds : [Spec.Model.Kind];

    internal IReadOnlyList<SearchRange> RangesOf(string kind) => [.. SearchSpaces.For(kind).Where(r => Ranges.All(own => own.Path != r.Path)), .. Ranges];

    internal string Hash => Registry.Checksums.HashOf(string.Join('\n',
    [
        Spec.SpecHash, Examples.Identity, Validation.Identity, $"{Seed} {Unhurried} {ValidateEvery}",
        .. AllKinds.SelectMany(k => RangesOf(k).Select(r => $"{k} {r}")),
    ]));
}
