using System.Globalization;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models;

/// <summary>How a training stops and goes on with the same bits.</summary>
public sealed partial class ModelTrainer
{
    const string StateFile = "training.safetensors", Format = "1";

    /// <summary>
    /// Writes a checkpoint into a folder: the model, the optimiser's state, averages and the step. Dropout draws from (seed, step),
    /// so there is no random state beside them.
    /// </summary>
    /// <returns>Names of the files.</returns>
    public IReadOnlyList<string> Save(string folder)
    {
        IReadOnlyList<string> files = Model.Save(folder);
        Dictionary<string, string> metadata = new(RuntimeFingerprint.Here(Model.Parameters.Device).ToMetadata())
        {
            ["format"] = Format,
            ["step"] = Step.ToString(CultureInfo.InvariantCulture),
            ["optimizer"] = settings.Optimizer,
            ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
        };
        Safetensors.Write(Path.Combine(folder, StateFile), State, metadata);
        return [.. files, StateFile];
    }

    /// <summary>Goes on from a checkpoint that <see cref="Save"/> wrote, with the same bits as if it had never stopped.</summary>
    /// <param name="folder">Of the checkpoint.</param>
    /// <param name="layout">As it was trained with, like the following ones.</param>
    /// <param name="model">The model's settings.</param>
    /// <param name="settings">The training's settings.</param>
    /// <param name="taskWeights">Weight of each label.</param>
    /// <param name="totalSteps">Batches of the whole run.</param>
    /// <param name="device">Where the network runs.</param>
    /// <exception cref="InvalidDataException">A file is damaged or of another run.</exception>
    /// <exception cref="InvalidOperationException">It was written on another type of machine, libtorch or number of threads.</exception>
    public static ModelTrainer Resume(
        string folder, FeatureLayout layout, ModelSpec model, TrainingSpec settings, IReadOnlyList<double>? taskWeights = null, long? totalSteps = null, Device? device = null)
    {
        using DisposeScope scope = NewDisposeScope();
        string path = Path.Combine(folder, StateFile);
        (Dictionary<string, Tensor> tensors, Dictionary<string, string> metadata) = Safetensors.Read(path);
        RuntimeFingerprint.Here(device ?? CPU).Require(metadata, path);
        void Expect(string name, string expected)
        {
            if (metadata.GetValueOrDefault(name) != expected)
                throw new InvalidDataException($"{path}: found {name} '{metadata.GetValueOrDefault(name)}', expected '{expected}'");
        }
        Expect("format", Format);
        Expect("optimizer", settings.Optimizer);
        Expect("seed", ((ulong)settings.Seed).ToString(CultureInfo.InvariantCulture));
        if (!long.TryParse(metadata.GetValueOrDefault("step"), NumberStyles.None, CultureInfo.InvariantCulture, out long step))
            throw new InvalidDataException($"{path}: found step '{metadata.GetValueOrDefault("step")}', expected an integer");
        RankingModel loaded = RankingModel.Load(folder, layout, model, device, trains: true);
        try
        {
            ModelTrainer trainer = new(loaded, settings, taskWeights, totalSteps) { Step = step };
            using IDisposable _ = no_grad();
            foreach ((string name, Tensor tensor) in trainer.State)
            {
                if (!tensors.TryGetValue(name, out Tensor? values) || !values.shape.SequenceEqual(tensor.shape))
                    throw new InvalidDataException($"{path}: tensor '{name}' is missing or has another shape than [{string.Join(", ", tensor.shape)}]");
                tensor.copy_(values);
            }
            return trainer;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    IEnumerable<(string Name, Tensor Tensor)> State => average is null ? optimizer.State : optimizer.State.Concat(average.State);
}
