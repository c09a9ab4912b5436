namespace Ranking.Training.Registry;

/// <summary>A version whose files were checked.</summary>
/// <param name="Folder">Where its files lie.</param>
/// <param name="Info">Where it comes from.</param>
public sealed record ModelVersion(string Folder, VersionInfo Info)
{
    /// <summary>Name of the copy of the spec in a version's folder.</summary>
    public const string SpecFile = "spec.yaml";

    /// <summary>Name of the metrics in a version's folder.</summary>
    public const string MetricsFile = "metrics.json";

    /// <summary>Name of the validations and the loss curve of training in a version's folder.</summary>
    public const string TrainingFile = "training.json";

    /// <summary>Name of the info in a version's folder.</summary>
    public const string InfoFile = "version.json";

    /// <summary>Path of the copy of the spec.</summary>
    public string Spec => Path.Combine(Folder, SpecFile);

    /// <summary>Path of the metrics on validation, as <see cref="Evaluation.EvaluationReport"/> is written.</summary>
    public string Metrics => Path.Combine(Folder, MetricsFile);

    /// <summary>NAME@V, as answers and commands name a version.</summary>
    public override string ToString() => $"{Info.Name}@{Info.Version}";
}

/// <summary>A line of <c>models list</c>.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Version">Number of the version.</param>
/// <param name="Promoted">Whether it serves.</param>
/// <param name="Info">What it says of itself; null where that cannot be read.</param>
/// <param name="Damage">Why it cannot be read.</param>
public sealed record VersionLine(string Name, int Version, bool Promoted, VersionInfo? Info, string? Damage);
