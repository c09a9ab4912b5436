using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Input;
using Ranking.Models.Networks;
using Ranking.Models.Optimizers;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models;

/// <summary>Trains a <see cref="RankingModel"/> batch by batch. One thread at a time.</summary>
public sealed partial class ModelTrainer : IDisposable
{
    readonly TrainingSpec settings;
    readonly LearningRate schedule;
    readonly IDenseOptimizer optimizer;
    readonly WeightAverage? average;
    readonly InputBatch batch;
    readonly float[] taskWeights;
    readonly double auxiliaryWeight;
    readonly ulong seed;

    /// <summary>A trainer at step 0.</summary>
    /// <param name="model">Made with <c>trains</c>.</param>
    /// <param name="settings">Rates, optimiser, schedule, decay, clipping, averaging; the seed is of dropout.</param>
    /// <param name="taskWeights">Weight of each label in the loss; null: all 1.</param>
    /// <param name="totalSteps">Batches of the whole run, where known; the cosine schedule needs it.</param>
    /// <exception cref="ArgumentException">Settings that no training can have.</exception>
    public ModelTrainer(RankingModel model, TrainingSpec settings, IReadOnlyList<double>? taskWeights = null, long? totalSteps = null)
    {
        Model = model;
        this.settings = Checked(settings);
        schedule = LearningRate.Of(settings.Schedule, settings.Warmup, totalSteps);
        Setting.Require(taskWeights is null || (taskWeights.Count == model.Tasks && taskWeights.All(w => w >= 0 && double.IsFinite(w))),
            "weight", taskWeights is null ? null : string.Join(", ", taskWeights), $"{model.Tasks} numbers ≥ 0");
        this.taskWeights = taskWeights is null ? [.. Enumerable.Repeat(1f, model.Tasks)] : [.. taskWeights.Select(w => (float)w)];
        optimizer = settings.Optimizer switch
        {
            "adagrad" => new Adagrad(model.Parameters, decay: settings.WeightDecay),
            "adam" => new Adam(model.Parameters, settings.WeightDecay),
            "adamw" => new Adam(model.Parameters, settings.WeightDecay, decoupled: true),
            _ => throw new ArgumentException($"optimizer: found '{settings.Optimizer}', expected adagrad, adam or adamw"),
        };
        average = settings.Ema > 0 ? new WeightAverage(model.Parameters, settings.Ema) : null;
        auxiliaryWeight = model.Spec.AuxWeight;
        seed = (ulong)settings.Seed;
        batch = model.Rent();
    }

    /// <summary>The model that it trains.</summary>
    public RankingModel Model { get; }

    /// <summary>Batches so far.</summary>
    public long Step { get; private set; }

    /// <summary>Whether steps report the load of experts.</summary>
    public bool ReportsLoads { get; set; }

    /// <summary>One step on a batch, in its order.</summary>
    /// <param name="examples">At least one. A label that is NaN is unknown and weighs nothing.</param>
    /// <exception cref="NonFiniteLossException">The loss or the gradient is not finite; no weight was changed.</exception>
    public TrainingStep TrainStep(IReadOnlyList<Example> examples)
    {
        ArgumentOutOfRangeException.ThrowIfZero(examples.Count);
        using DisposeScope scope = NewDisposeScope();
        long latest = examples.Max(e => e.TimeMs), step = Step + 1;
        foreach (IdTable table in Model.Tables.Values) table.BeginBatch(latest);
        batch.Resolve(examples);

        using ForwardPass pass = ForwardPass.Train(seed, step, Model.Parameters.Device);
        pass.WantsLoads = ReportsLoads;
        NetworkOutput output = Model.Run(batch.ToTensors(gradients: true, Model.Parameters.Device), pass);
        (Tensor labels_BK, Tensor? weights_BK) = Labels(examples);
        Tensor loss = Losses.Of(output, labels_BK, weights_BK, auxiliaryWeight, pass);
        pass.Backward(loss);
        float value = loss.item<float>();
        if (!float.IsFinite(value)) throw Stop("loss", step);

        batch.Scatter();
        double norm = GradientClipping.Norm(Model.Parameters.Parameters, Model.Tables.Values);
        if (!double.IsFinite(norm)) throw Stop("gradient", step);
        double clip = settings.ClipNorm > 0 && norm > settings.ClipNorm ? settings.ClipNorm / norm : 1, factor = schedule.At(step);
        if (clip < 1) GradientClipping.Scale(Model.Parameters.Parameters, clip);
        optimizer.Step(settings.DenseRate * factor);
        foreach (IdTable table in Model.Tables.Values)
            table.Apply((float)(settings.SparseRate * factor), (float)settings.EmbeddingDecay, (float)clip);
        average?.Update(step);
        Step = step;
        float[] scores = output.Logits_BK.detach().sigmoid().cpu().data<float>().ToArray();
        return new TrainingStep(step, value, norm, factor, [.. pass.Loads], scores);
    }

    /// <summary>Puts the averaged weights into the model until the result is disposed; nothing where averaging is off.</summary>
    public IDisposable UseAverage() => average?.Swap() ?? new Nothing();

    /// <inheritdoc/>
    public void Dispose()
    {
        optimizer.Dispose();
        average?.Dispose();
    }

    NonFiniteLossException Stop(string what, long step)
    {
        foreach (Tensor parameter in Model.Parameters.Parameters) parameter.grad = null;
        return new NonFiniteLossException($"the {what} of step {step} is not finite; no weight was changed");
    }

    (Tensor Labels_BK, Tensor? Weights_BK) Labels(IReadOnlyList<Example> examples)
    {
        int tasks = Model.Tasks;
        float[] labels = new float[examples.Count * tasks], weights = new float[labels.Length];
        bool even = true;
        for (int b = 0; b < examples.Count; b++)
        {
            float[] own = examples[b].Labels;
            if (own.Length != tasks) throw new ArgumentException($"example {b}: found {own.Length} labels, expected {tasks}");
            for (int k = 0; k < tasks; k++)
            {
                bool known = !float.IsNaN(own[k]);
                labels[b * tasks + k] = known ? own[k] : 0;
                weights[b * tasks + k] = known ? taskWeights[k] : 0;
                even &= known && taskWeights[k] == 1;
            }
        }
        Tensor On(float[] values) => tensor(values, [examples.Count, tasks]).to(Model.Parameters.Device);
        return (On(labels), even ? null : On(weights));
    }

    static TrainingSpec Checked(TrainingSpec settings)
    {
        Setting.Positive(settings.DenseRate, "dense_rate");
        Setting.Positive(settings.SparseRate, "sparse_rate");
        Setting.Require(settings.WeightDecay >= 0 && double.IsFinite(settings.WeightDecay), "weight_decay", settings.WeightDecay, "a number ≥ 0");
        Setting.Require(settings.EmbeddingDecay >= 0 && double.IsFinite(settings.EmbeddingDecay), "embedding_decay", settings.EmbeddingDecay, "a number ≥ 0");
        Setting.Require(settings.ClipNorm >= 0 && double.IsFinite(settings.ClipNorm), "clip_norm", settings.ClipNorm, "a number ≥ 0");
        Setting.Rate(settings.Ema, "ema");
        return settings;
    }

    sealed class Nothing : IDisposable
    {
        public void Dispose() { }
    }
}
