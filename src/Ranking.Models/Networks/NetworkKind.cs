using Ranking.Features.Spec;
using Ranking.Models.RankMixer;
using Ranking.Models.Rivals;
using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models.Networks;

/// <summary>A KIND of model: a name that specs and <c>--model</c> use, and how its network is made.</summary>
/// <param name="Name">Such as <c>deepfm</c>.</param>
/// <param name="Create">Makes the network and adds its tensors to the set.</param>
public sealed record NetworkKind(string Name, Func<InputShape, int, ModelSpec, ParameterSet, IRankingNetwork> Create)
{
    /// <summary>Numbers in a table's row, from the spec's dimension and the number of tasks: fm keeps linear weights before the vector, lr only those.</summary>
    public Func<int, int, int> RowWidth { get; init; } = (dimension, _) => dimension;

    /// <summary>Whether every sequence that has a candidate to attend to is pooled by attention, whatever the spec says.</summary>
    public bool AttendsAll { get; init; }

    /// <summary>All kinds; a new one is one file and one line here.</summary>
    public static IReadOnlyList<NetworkKind> All { get; } =
    [
        new("tokenmixer-large", (input, tasks, model, parameters) => new TokenMixerLargeNetwork(input, tasks, TokenMixerLargeSettings.Of(model), parameters)),
        new("rankmixer", (input, tasks, model, parameters) => new RankMixerNetwork(input, tasks, RankMixerSettings.Of(model), parameters)),
        new("lr", (input, tasks, model, parameters) => new LogisticRegression(input, tasks, parameters)) { RowWidth = (_, tasks) => tasks },
        new("fm", (input, tasks, model, parameters) => new FactorizationMachine(input, tasks, new([]), parameters)) { RowWidth = (d, tasks) => d + tasks },
        new("deepfm", (input, tasks, model, parameters) => new FactorizationMachine(input, tasks, Hidden(model), parameters)) { RowWidth = (d, tasks) => d + tasks },
        new("dnn", (input, tasks, model, parameters) => new DeepNetwork(input, tasks, Hidden(model), 0, model.TokenizerInit, parameters)),
        new("din", (input, tasks, model, parameters) => new DeepNetwork(input, tasks, Hidden(model), 0, model.TokenizerInit, parameters)) { AttendsAll = true },
        new("dcnv2", (input, tasks, model, parameters) => new DeepNetwork(input, tasks, Hidden(model), Depth(model), model.TokenizerInit, parameters)),
        new("dlrm", (input, tasks, model, parameters) => new Dlrm(input, tasks, Hidden(model), parameters)),
        new("wukong", (input, tasks, model, parameters) => new Wukong(input, tasks, Depth(model), Hidden(model), parameters)),
        new("finalmlp", (input, tasks, model, parameters) => new FinalMlp(input, tasks, Hidden(model), parameters)),
        new("finalnet", (input, tasks, model, parameters) => new FinalNet(input, tasks, Hidden(model), parameters)),
    ];

    /// <summary>The kind of that name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists them.</exception>
    public static NetworkKind Named(string name) => All.FirstOrDefault(k => k.Name == name)
        ?? throw new ArgumentException($"model kind: found '{name}', expected one of {string.Join(", ", All.Select(k => k.Name))}", nameof(name));

    static HiddenLayers Hidden(ModelSpec model)
    {
        Setting.Require(model.Hidden.Count > 0 && model.Hidden.All(w => w > 0), "hidden", string.Join(", ", model.Hidden), "at least one width, each ≥ 1");
        Setting.Rate(model.Dropout, "dropout");
        return new(model.Hidden, model.Dropout, model.Norm == "batch");
    }

    static int Depth(ModelSpec model)
    {
        Setting.AtLeast(1, model.L, "l");
        return model.L;
    }
}
