using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Models;

/// <summary>A trained model of any KIND, from feature vectors to one probability a task: what evaluation and the ranker need of it.</summary>
public interface IScoringModel : IDisposable
{
    /// <summary>Of the spec's features.</summary>
    FeatureLayout Layout { get; }

    /// <summary>The model's settings.</summary>
    ModelSpec Spec { get; }

    /// <summary>Tasks, in the order of the layout's labels.</summary>
    int Tasks => Layout.Labels.Count;

    /// <summary>Probabilities, row-major [B, tasks]. Thread-safe while nobody trains the model.</summary>
    float[] Score(IReadOnlyList<FeatureVector> vectors);

    /// <summary>Writes the model into a folder.</summary>
    /// <returns>Names of the files.</returns>
    IReadOnlyList<string> Save(string folder);
}
