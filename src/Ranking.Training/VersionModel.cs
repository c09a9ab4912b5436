using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Models.Trees;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;
using TorchSharp;

namespace Ranking.Training;

/// <summary>Versions as models that score.</summary>
public static class VersionModel
{
    /// <summary>The spec that a version was trained with.</summary>
    public static RankingSpec SpecOf(ModelVersion version) => SpecReader.Parse(File.ReadAllBytes(version.Spec), version.Spec);

    /// <summary>Loads a version for scoring.</summary>
    /// <param name="version">The version, opened and so checked.</param>
    /// <param name="device">cpu or cuda.</param>
    public static IScoringModel Load(ModelVersion version, string device = "cpu")
    {
        RankingSpec spec = SpecOf(version);
        return TreeModel.IsKind(spec.Model.Kind)
            ? Checked(version, () => TreeModel.Load(version.Folder, FeatureLayout.Of(spec), spec.Model))
            : Load(version, spec, DeviceNamed(device), trains: false);
    }

    /// <summary>The device of a name.</summary>
    /// <exception cref="RankingException">It is neither cpu nor cuda, or libtorch finds no card.</exception>
    public static torch.Device DeviceNamed(string name)
    {
        Torch.Load();
        return name switch
        {
            "cpu" => torch.CPU,
            "cuda" when torch.cuda.is_available() => torch.CUDA,
            "cuda" => throw new RankingException(ErrorCodes.DeviceUnavailable, $"device 'cuda': the libtorch in {Torch.LoadedFrom} finds no CUDA device."),
            _ => throw new RankingException(ErrorCodes.WrongUsage, $"device is '{name}'; expected cpu or cuda."),
        };
    }

    /// <summary>Loads a version under a spec of the same features and model.</summary>
    internal static RankingModel Load(ModelVersion version, RankingSpec spec, torch.Device device, bool trains)
    {
        if (spec.FeatureHash != version.Info.FeatureHash)
            throw new RankingException(ErrorCodes.FeatureHashDiffers, $"{version} was trained with the features {version.Info.FeatureHash}, not {spec.FeatureHash}: its spec has other events, labels, features or groups.");
        return Checked(version, () => RankingModel.Load(version.Folder, FeatureLayout.Of(spec), spec.Model, device, trains));
    }

    static T Checked<T>(ModelVersion version, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (InvalidDataException error)
        {
            throw new RankingException(ErrorCodes.ModelSettings, $"{version} does not fit the spec's model: {error.Message}", error);
        }
    }

    internal static EvaluationReport Evaluate(TrainingRun run, ScoreVectors score, CancellationToken cancel) =>
        Evaluator.Evaluate(ExampleScorer.Score(run.Spec, score, run.Validation!, cancel: cancel), new EvaluationSettings { GaucReason = run.GaucReason });
}
