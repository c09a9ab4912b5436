using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Cuda;
using Ranking.Models.Input;
using Ranking.Models.Networks;
using Ranking.Models.Optimizers;
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
    readonly IBatchFeed feed;
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
        float[] weights = taskWeights is null ? [.. Enumerable.Repeat(1f, model.Tasks)] : [.. taskWeights.Select(w => (float)w)];
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
        feed = (IBatchFeed?)CardFeed.TryOpen(model, weights, out string reason) ?? new HostFeed(model, weights, $"in main memory ({reason})");
        model.BeforeReading = feed.Fetch;
    }

    /// <summary>The model that it trains.</summary>
    public RankingModel Model { get; }

    /// <summary>For people: where ID tables are trained, and why.</summary>
    public string TablePath => feed.Path;

    /// <summary>Whether the next batch was prepared and not yet learned from; until then the model is neither read nor saved.</summary>
    public bool IsAhead => feed.IsAhead;

    /// <summary>How long steps have waited for batches whose ids are looked up beside them.</summary>
    public TimeSpan Waited => feed.Waited;

    /// <summary>Batches so far.</summary>
    public long Step { get; private set; }

    /// <summary>Whether steps report the load of experts.</summary>
    public bool ReportsLoads { get; set; }

    /// <summary>One step on a batch, in its order.</summary>
    /// <param name="examples">At least one. A label that is NaN is unknown and weighs nothing.</param>
    /// <param name="next">The batch of the next call, where it is known: it may be prepared meanwhile. The result is the same.</param>
    /// <exception cref="NonFiniteLossException">The loss or the gradient is not finite; no weight was changed.</exception>
    public TrainingStep TrainStep(IReadOnlyList<Example> examples, IReadOnlyList<Example>? next = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(examples.Count);
        using DisposeScope scope = NewDisposeScope();
        long step = Step + 1;
        FedBatch batch = feed.Begin(examples, next);
        using ForwardPass pass = ForwardPass.Train(seed, step, Model.Parameters.Device);
        pass.WantsLoads = ReportsLoads;
        NetworkOutput output = Model.Run(batch.Input, pass);
        Tensor loss = Losses.Of(output, batch.Labels_BK, batch.Weights_BK, auxiliaryWeight, pass);
        pass.Backward(loss);
        feed.Backward();
        // Everything that is read is queued before the first number is waited for; nothing is waited for once the optimiser is queued,
        // so that a card has work until the next step's is there.
        Tensor squared = GradientClipping.Squared(Model.Parameters.Parameters), scores_BK = output.Logits_BK.detach().sigmoid();
        float value = loss.item<float>();
        if (!float.IsFinite(value)) throw Stop("loss", step);
        double norm = Math.Sqrt(squared.item<double>() + feed.SquaredGradientNorm());
        if (!double.IsFinite(norm)) throw Stop("gradient", step);
        float[] scores = scores_BK.cpu().data<float>().ToArray();

        double clip = settings.ClipNorm > 0 && norm > settings.ClipNorm ? settings.ClipNorm / norm : 1, factor = schedule.At(step);
        feed.Apply((float)(settings.SparseRate * factor), (float)settings.EmbeddingDecay, (float)clip);
        if (clip < 1) GradientClipping.Scale(Model.Parameters.Parameters, clip);
        optimizer.Step(settings.DenseRate * factor);
        average?.Update(step);
        Step = step;
        return new TrainingStep(step, value, norm, factor, [.. pass.Loads], scores);
    }

    /// <summary>Puts the averaged weights into the model until the result is disposed; nothing where averaging is off.</summary>
    public IDisposable UseAverage() => average?.Swap() ?? new Nothing();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!feed.IsAhead) feed.Fetch();
        Model.BeforeReading = null;
        feed.Dispose();
        optimizer.Dispose();
        average?.Dispose();
    }

    NonFiniteLossException Stop(string what, long step)
    {
        foreach (Tensor parameter in Model.Parameters.Parameters) parameter.grad = null;
        return new NonFiniteLossException($"the {what} of step {step} is not finite; no weight was changed");
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
