using System.Text.Json;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Networks;

namespace Ranking.Models.Trees;

/// <summary>
/// Boosted trees by LightGBM (Ke et al., NeurIPS 2017), a booster a task: KIND <c>lightgbm</c> minimises log loss, <c>lightgbm-rank</c>
/// is LambdaMART over the spec's lists, its scores made probabilities by <see cref="Platt"/>'s method.
/// </summary>
public sealed class TreeModel : IScoringModel
{
    /// <summary>Name of the file of the ids' codes and the calibration.</summary>
    public const string CardFile = "trees.json";

    const int Format = 1;
    readonly TreeRows rows;
    readonly Booster[] boosters;
    readonly Platt[] calibration;

    TreeModel(FeatureLayout layout, ModelSpec spec, TreeRows rows, Booster[] boosters, Platt[] calibration) =>
        (Layout, Spec, this.rows, this.boosters, this.calibration) = (layout, spec, rows, boosters, calibration);

    /// <inheritdoc/>
    public FeatureLayout Layout { get; }

    /// <inheritdoc/>
    public ModelSpec Spec { get; }

    /// <summary>Whether a KIND is made of trees.</summary>
    public static bool IsKind(string kind) => kind is "lightgbm" or "lightgbm-rank";

    /// <summary>Name of the file that holds a label's trees in LightGBM's text format.</summary>
    public static string FileOf(string label) => $"trees-{Uri.EscapeDataString(label)}.txt";

    /// <summary>Grows the trees; the same examples, settings and number of threads give the same trees.</summary>
    /// <param name="layout">Of the spec's features.</param>
    /// <param name="spec">The model's settings: leaves, rounds, shrinkage.</param>
    /// <param name="seed">Of the columns that a tree may use.</param>
    /// <param name="read">Reads the examples from their first one; called twice: for the ids' codes, then for the rows.</param>
    /// <param name="progress">Told the task and the number of its rounds after every round.</param>
    /// <param name="cancel">Stops between rounds.</param>
    /// <exception cref="ArgumentException">Settings or examples that LightGBM refuses.</exception>
    public static TreeModel Train(FeatureLayout layout, ModelSpec spec, int seed, Func<IEnumerable<Example>> read, Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        Setting.Require(IsKind(spec.Kind), "kind", spec.Kind, "lightgbm or lightgbm-rank");
        bool ranks = spec.Kind == "lightgbm-rank";
        string parameters = FormattableString.Invariant(
            $"objective={(ranks ? "lambdarank" : "binary")} num_leaves={spec.Leaves} learning_rate={spec.Shrinkage} min_data_in_leaf=100 feature_fraction=0.7 lambda_l2=1 max_bin=127 seed={seed} deterministic=true force_row_wise=true num_threads={Environment.ProcessorCount} verbosity=-1");
        TreeRows rows = TreeRows.Of(layout, read().Select(e => e.Features));
        TreeExamples examples = TreeExamples.Of(rows, layout.Labels.Count, read());
        Booster[] boosters = new Booster[layout.Labels.Count];
        Platt[] calibration = new Platt[boosters.Length];
        using TreeDataset dataset = new(rows, examples.Data, parameters);
        if (ranks) dataset.SetLists(examples.Lists);
        try
        {
            for (int task = 0; task < boosters.Length; task++)
            {
                (float[] labels, float[] weights) = examples.Of(task);
                dataset.Set("label", labels);
                dataset.Set("weight", weights);
                Booster booster = boosters[task] = Booster.Over(dataset, parameters);
                for (int round = 1; round <= spec.Rounds && booster.Grow(); round++)
                {
                    cancel.ThrowIfCancellationRequested();
                    progress?.Invoke(task, round);
                }
                calibration[task] = ranks ? Platt.Fit(booster.Predict(examples.Data, rows.Width), labels, weights) : Platt.Identity;
            }
        }
        catch
        {
            foreach (Booster? booster in boosters) booster?.Dispose();
            throw;
        }
        return new TreeModel(layout, spec, rows, boosters, calibration);
    }

    /// <inheritdoc/>
    public float[] Score(IReadOnlyList<FeatureVector> vectors)
    {
        if (vectors.Count == 0) return [];
        float[] data = new float[vectors.Count * rows.Width], scores = new float[vectors.Count * boosters.Length];
        for (int b = 0; b < vectors.Count; b++) rows.Fill(vectors[b], data.AsSpan(b * rows.Width, rows.Width));
        for (int task = 0; task < boosters.Length; task++)
        {
            double[] raw = boosters[task].Predict(data, rows.Width);
            for (int b = 0; b < raw.Length; b++) scores[b * boosters.Length + task] = (float)calibration[task].Of(raw[b]);
        }
        return scores;
    }

    /// <summary>Writes <c>trees.json</c> (the ids' codes, calibration) and for each label its trees in LightGBM's text format.</summary>
    public IReadOnlyList<string> Save(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, CardFile), JsonSerializer.SerializeToUtf8Bytes(new Card(Format, Spec.Kind, rows.Vocabularies, calibration)));
        for (int task = 0; task < boosters.Length; task++) File.WriteAllText(Path.Combine(folder, FileOf(Layout.Labels[task])), boosters[task].ToText());
        return [CardFile, .. Layout.Labels.Select(FileOf)];
    }

    /// <summary>Reads a model that <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">A file is damaged or of another model; the message names the file and what is wrong.</exception>
    public static TreeModel Load(string folder, FeatureLayout layout, ModelSpec spec)
    {
        string path = Path.Combine(folder, CardFile);
        List<Booster> boosters = [];
        try
        {
            Card card = JsonSerializer.Deserialize<Card>(File.ReadAllBytes(path)) ?? throw new InvalidDataException($"{path}: the file says null");
            if (card.Format != Format) throw new InvalidDataException($"{path}: found format {card.Format}, expected {Format}");
            if (card.Kind != spec.Kind || card.Calibration.Count != layout.Labels.Count)
                throw new InvalidDataException($"{path}: found a model of kind '{card.Kind}' with {card.Calibration.Count} tasks, expected '{spec.Kind}' with {layout.Labels.Count}");
            TreeRows rows = new(TreeRows.ColumnsOf(layout), card.Vocabularies);
            foreach (string label in layout.Labels)
            {
                path = Path.Combine(folder, FileOf(label));
                boosters.Add(Booster.Parse(File.ReadAllText(path)));
                if (boosters[^1].Features != rows.Width) throw new InvalidDataException($"{path}: found trees over {boosters[^1].Features} numbers, expected {rows.Width}");
            }
            return new TreeModel(layout, spec, rows, [.. boosters], [.. card.Calibration]);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or JsonException or IOException)
        {
            foreach (Booster booster in boosters) booster.Dispose();
            throw e is InvalidDataException ? e : new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Booster booster in boosters) booster.Dispose();
    }

    sealed record Card(int Format, string Kind, IReadOnlyDictionary<string, IReadOnlyList<string>> Vocabularies, IReadOnlyList<Platt> Calibration);
}
