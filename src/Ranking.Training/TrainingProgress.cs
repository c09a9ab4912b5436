namespace Ranking.Training;

/// <summary>How training goes, for a progress bar.</summary>
/// <param name="Phase">What happens: training, validating, publishing.</param>
/// <param name="Samples">Examples learned from.</param>
/// <param name="TotalSamples">How many there will be; null for a stream.</param>
/// <param name="Pass">Number of the pass, from 1.</param>
/// <param name="Loss">Mean training loss of the latest batches.</param>
/// <param name="Auc">AUC by label over the latest examples, each scored before it was learned from; null where undefined.</param>
/// <param name="SamplesPerSecond">Since this process began to train.</param>
public sealed record TrainingProgress(
    string Phase, long Samples, long? TotalSamples, int Pass, double Loss, IReadOnlyDictionary<string, double?> Auc, double SamplesPerSecond);
