using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;

namespace Ranking.Training;

/// <summary>Whether a new version may serve: its AUC of the first label must not be lower than the serving version's by more than the spec allows, on the same examples.</summary>
static class PromotionGate
{
    /// <summary>Judges a new version.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="name">Name of the model.</param>
    /// <param name="spec">The new version's spec.</param>
    /// <param name="auc">The new version's AUC on the examples.</param>
    /// <param name="examples">The examples; null where there are none to compare on.</param>
    /// <param name="device">Where the serving version is run.</param>
    /// <param name="cancel">Stops scoring.</param>
    /// <returns>The outcome; null where no version serves yet.</returns>
    public static GateOutcome? Judge(ModelRegistry registry, string name, RankingSpec spec, double? auc, IExampleSource? examples, string device, CancellationToken cancel)
    {
        if (registry.Promoted(name) is not { } serving) return null;
        string label = spec.Labels.Keys.First();
        GateOutcome outcome = new(serving, label, auc, null, spec.Training.GateAuc, false, null);
        if (examples is null) return outcome with { Reason = "there are no validation examples to compare on" };
        try
        {
            ModelVersion version = registry.Open(name, serving);
            RankingSpec old = VersionModel.SpecOf(version);
            if (old.FeatureHash != spec.FeatureHash) return outcome with { Reason = $"version {serving} has other features and cannot score these examples" };
            using IScoringModel model = VersionModel.Load(version, device);
            ScoredRows rows = ExampleScorer.Score(old, model.Score, examples, cancel: cancel);
            double? promoted = Evaluator.Evaluate(rows, new EvaluationSettings { GaucReason = "not asked for" }).Labels[label].Auc;
            bool passed = auc >= promoted - spec.Training.GateAuc;
            string? reason = auc is null || promoted is null ? "the examples have no positive or no negative" : null;
            return outcome with { PromotedAuc = promoted, Passed = passed, Reason = reason };
        }
        catch (Exception error) when (error is RankingException or SpecException)
        {
            return outcome with { Reason = error.Message };
        }
    }
}
