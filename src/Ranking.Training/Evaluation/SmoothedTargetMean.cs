using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Training.Evaluation;

/// <summary>
/// What a model has to beat: the mean over some keys (user, item, tab …) of the key's rate so far, smoothed towards the rate of all
/// examples. It moves through time: an example is scored with what was known of others at its own time, and counts from the end of its label
/// window on.
/// </summary>
public sealed class SmoothedTargetMean
{
    readonly double smoothing;
    readonly Func<Example, string?>[] keys;
    readonly Dictionary<(int Key, string Value), double[]> counts = [];
    readonly double[] all;
    readonly long knownAfterMs;
    readonly Queue<(long KnownAt, string?[] Keys, float[] Labels)> waiting = [];
    long latest = long.MinValue;

    /// <summary>Nothing seen yet.</summary>
    /// <param name="spec">Names the keys (<see cref="RankingSpec.Baseline"/>), labels and their windows.</param>
    /// <param name="smoothing">How many examples of the overall rate every key begins with.</param>
    /// <exception cref="RankingException">A key is neither user nor item nor what an id feature holds.</exception>
    public SmoothedTargetMean(RankingSpec spec, double smoothing = 5)
    {
        this.smoothing = smoothing;
        FeatureLayout layout = FeatureLayout.Of(spec);
        keys = [.. spec.Baseline.Select(key => KeyOf(spec, layout, key))];
        all = new double[spec.Labels.Count + 1];
        knownAfterMs = (long)spec.LabelWindow.TotalMilliseconds;
    }

    /// <summary>Scores an example, then learns from it when its labels are known.</summary>
    /// <param name="example">Not older than the one before it.</param>
    /// <param name="scores">One score a label, written.</param>
    public void Next(Example example, Span<double> scores)
    {
        if (example.TimeMs < latest)
            throw new ArgumentException($"Example of request '{example.RequestId}' lies at {example.TimeMs} ms, before the one before it ({latest} ms); a moving mean needs them in order of time.", nameof(example));
        latest = example.TimeMs;
        while (waiting.TryPeek(out var next) && next.KnownAt <= latest)
        {
            waiting.Dequeue();
            Learn(next.Keys, next.Labels);
        }
        string?[] values = [.. keys.Select(k => k(example))];
        for (int label = 0; label < scores.Length; label++)
        {
            double overall = all[0] == 0 ? 0.5 : all[label + 1] / all[0], sum = 0;
            for (int key = 0; key < values.Length; key++)
                sum += values[key] is { } value && counts.TryGetValue((key, value), out double[]? seen)
                    ? (seen[label + 1] + overall * smoothing) / (seen[0] + smoothing)
                    : overall;
            scores[label] = sum / keys.Length;
        }
        waiting.Enqueue((example.TimeMs + knownAfterMs, values, example.Labels));
    }

    void Learn(string?[] values, float[] labels)
    {
        Add(all, labels);
        for (int key = 0; key < values.Length; key++)
        {
            if (values[key] is not { } value) continue;
            if (!counts.TryGetValue((key, value), out double[]? seen)) counts.Add((key, value), seen = new double[labels.Length + 1]);
            Add(seen, labels);
        }
    }

    static void Add(double[] seen, float[] labels)
    {
        seen[0]++;
        for (int label = 0; label < labels.Length; label++) seen[label + 1] += labels[label];
    }

    static Func<Example, string?> KeyOf(RankingSpec spec, FeatureLayout layout, FieldRef key)
    {
        if (key == new FieldRef("user")) return e => e.User;
        if (key == new FieldRef("item")) return e => e.Item;
        foreach ((string name, FeatureSpec feature) in spec.Features)
        {
            if (feature is not IdFeatureSpec id || id.From != key) continue;
            int column = layout.Columns.First(c => c.Feature == name).Index;
            return e => e.Features.IdsOf(column) is [string only] ? only : null;
        }
        throw new RankingException(ErrorCodes.SpecInvalid, $"baseline: the key '{key}' is not in the examples; expected user, item, or a field that a feature of type id reads.");
    }
}
