using Ranking.Features.Examples;
using Ranking.Models.Tables;
using static TorchSharp.torch;

namespace Ranking.Models.Input;

/// <summary>Rows in main memory: looked up, pooled and trained by the thread that trains.</summary>
/// <param name="model">Whose tables these are.</param>
/// <param name="taskWeights">One a label.</param>
/// <param name="path">For people.</param>
sealed class HostFeed(RankingModel model, float[] taskWeights, string path) : IBatchFeed
{
    readonly InputBatch batch = model.Rent();

    /// <inheritdoc/>
    public string Path => path;

    /// <inheritdoc/>
    public bool IsAhead => false;

    /// <inheritdoc/>
    public TimeSpan Waited => TimeSpan.Zero;

    /// <inheritdoc/>
    public FedBatch Begin(IReadOnlyList<Example> examples, IReadOnlyList<Example>? next)
    {
        long latest = examples.Max(e => e.TimeMs);
        foreach (IdTable table in model.Tables.Values) table.BeginBatch(latest);
        batch.Resolve(examples);
        LabelNumbers labels = LabelNumbers.Of(examples, taskWeights);
        Device device = model.Parameters.Device;
        Tensor On(float[] values) => tensor(values, [examples.Count, taskWeights.Length]).to(device);
        return new FedBatch(batch.ToTensors(gradients: true, device), On(labels.Labels), labels.Weights is { } weights ? On(weights) : null);
    }

    /// <inheritdoc/>
    public void Backward() => batch.Scatter();

    /// <inheritdoc/>
    public double SquaredGradientNorm() => model.Tables.Values.Sum(t => t.SquaredGradientNorm());

    /// <inheritdoc/>
    public void Apply(float learningRate, float decay, float scale)
    {
        foreach (IdTable table in model.Tables.Values) table.Apply(learningRate, decay, scale);
    }

    /// <inheritdoc/>
    public void Fetch() { }

    /// <inheritdoc/>
    public void Dispose() { }
}
