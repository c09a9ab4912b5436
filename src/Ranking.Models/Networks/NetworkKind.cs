using Ranking.Features.Spec;
using Ranking.Models.RankMixer;
using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models.Networks;

/// <summary>A KIND of model: a name that specs and <c>--model</c> use, and how its network is made.</summary>
/// <param name="Name">Such as <c>deepfm</c>.</param>
/// <param name="Create">Makes the network and adds its tensors to the set.</param>
public sealed record NetworkKind(string Name, Func<InputShape, int, ModelSpec, ParameterSet, IRankingNetwork> Create)
{
    /// <summary>Numbers in a table's row, from the spec's dimension: fm keeps a linear weight beside the vector, lr only that.</summary>
    public Func<int, int> RowWidth { get; init; } = dimension => dimension;

    /// <summary>Whether every sequence that has a candidate to attend to is pooled by attention, whatever the spec says.</summary>
    public bool AttendsAll { get; init; }

    /// <summary>All kinds; a new one is one file and one line here.</summary>
    public static IReadOnlyList<NetworkKind> All { get; } =
    [
        new("tokenmixer-large", (input, tasks, model, parameters) => new TokenMixerLargeNetwork(input, tasks, TokenMixerLargeSettings.Of(model), parameters)),
        new("rankmixer", (input, tasks, model, parameters) => new RankMixerNetwork(input, tasks, RankMixerSettings.Of(model), parameters)),
    ];

    /// <summary>The kind of that name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists them.</exception>
    public static NetworkKind Named(string name) => All.FirstOrDefault(k => k.Name == name)
        ?? throw new ArgumentException($"model kind: found '{name}', expected one of {string.Join(", ", All.Select(k => k.Name))}", nameof(name));
}
