using System.Globalization;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Checkpoints;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models;

/// <summary>How a training stops and goes on with the same bits.</summary>
public sealed partial class ModelTrainer
{
    const string StateFile = "training.safetensors", Format = "1";
    const int MostChangeFiles = 32;
    readonly Dictionary<string, (int Files, long Bytes)> changeFiles = [], writing = [];

    /// <summary>
    /// Writes a checkpoint into a folder: the model, the optimiser's state, averages and the step. Dropout draws from (seed, step),
    /// so there is no random state beside them. Of ID tables only what changed since the former checkpoint, where <paramref name="keep"/> can
    /// keep its files: a checkpoint then costs what was seen since, not what is known. Once the changes would be half as
    /// large as the table (or many), it is written whole again.
    /// </summary>
    /// <param name="folder">Of the checkpoint.</param>
    /// <param name="keep">
    /// Puts a file of the former checkpoint, which <see cref="MarkSaved"/> confirmed or this training was resumed from, into the folder as it
    /// is; false where there is none. Null: every table is written whole.
    /// </param>
    public void Save(string folder, Func<string, bool>? keep = null)
    {
        feed.Fetch();
        Model.SaveWeights(folder);
        foreach (IdTable table in Model.Tables.Values) SaveTable(table, folder, keep);
        Dictionary<string, string> metadata = new(RuntimeFingerprint.Here(Model.Parameters.Device).ToMetadata())
        {
            ["format"] = Format,
            ["step"] = Step.ToString(CultureInfo.InvariantCulture),
            ["optimizer"] = settings.Optimizer,
            ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
        };
        Safetensors.Write(Path.Combine(folder, StateFile), State, metadata);
    }

    /// <summary>The checkpoint just written is in its place: the next one may build on it.</summary>
    public void MarkSaved()
    {
        foreach (IdTable table in Model.Tables.Values)
        {
            changeFiles[table.Name] = writing.GetValueOrDefault(table.Name);
            table.MarkSaved();
        }
        writing.Clear();
    }

    void SaveTable(IdTable table, string folder, Func<string, bool>? keep)
    {
        string file = RankingModel.TableFile(table.Name);
        (int files, long bytes) = changeFiles.GetValueOrDefault(table.Name);
        if (keep is not null && table.ChangesBytes is { } more && files < MostChangeFiles && (bytes + more) * 2 < table.SaveBytes && KeepAll())
        {
            writing[table.Name] = (files + 1, bytes + more);
            table.SaveChanges(Path.Combine(folder, IdTable.ChangesFile(file, files + 1)), files + 1);
        }
        else
        {
            writing[table.Name] = default;
            foreach (string left in Directory.EnumerateFiles(folder, file + "*")) File.Delete(left);
            table.Save(Path.Combine(folder, file));
        }

        bool KeepAll() => keep(file) && Enumerable.Range(1, files).All(n => keep(IdTable.ChangesFile(file, n)));
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
            foreach (IdTable table in loaded.Tables.Values)
            {
                string file = Path.Combine(folder, RankingModel.TableFile(table.Name));
                string[] changes = [.. Enumerable.Range(1, MostChangeFiles).Select(n => IdTable.ChangesFile(file, n)).TakeWhile(File.Exists)];
                trainer.writing[table.Name] = (changes.Length, changes.Sum(c => new FileInfo(c).Length));
            }
            trainer.MarkSaved();
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
