using System.Globalization;
using System.Text;

namespace Ranking.Mbat;

/// <summary>
/// What differs at one key path. Array elements share their array's path: <c>moves.name</c> is the name in every element
/// of <c>moves</c>. <c>*</c> stands for any one key; a backslash takes the meaning from <c>. * [ \</c>.
/// </summary>
public sealed record PathRule
{
    /// <summary>The key path, such as <c>author.name</c>; <c>""</c> is the document itself.</summary>
    public required string Path { get; init; }

    /// <summary>Weight of the value there against its siblings, 0 to 100; 0 drops it. Weights along a path multiply. Null: 1.</summary>
    public double? Weight { get; init; }

    /// <summary>How an array there is encoded; null: as the settings say.</summary>
    public ArrayMode? Arrays { get; init; }

    /// <summary>
    /// Rising thresholds t_j of the thermometer for numbers there (papers/mbat, section 2): the cosine of two numbers is
    /// 1 − 2·(thresholds between them)/(thresholds). Null: the common signed-log scale.
    /// </summary>
    public IReadOnlyList<double>? Thresholds { get; init; }

    internal string Canonical() => string.Create(CultureInfo.InvariantCulture,
        $"{Path.Length}:{Path}|{Weight ?? 1:R}|{Arrays?.ToString() ?? "-"}|{(Thresholds is null ? "-" : Join(Thresholds))}");

    internal void Validate()
    {
        MbatSettings.Check(Path is not null, "paths.path", "null", "a key path");
        foreach (JsonPathStep step in JsonPath.Parse(Path!))
            MbatSettings.Check(step.Kind != JsonPathStepKind.Index, "paths.path", Path!, "no index: elements share their array's path");
        MbatSettings.Check(Weight is null or (>= 0 and <= 100), $"paths[{Path}].weight", Weight ?? 1, "0 to 100");
        MbatSettings.Check(Arrays is null || Enum.IsDefined(Arrays.Value), $"paths[{Path}].arrays", Arrays ?? 0, "sequence or set");
        if (Thresholds is null)
            return;
        MbatSettings.Check(Thresholds.Count is >= 1 and <= 4096, $"paths[{Path}].thresholds", Thresholds.Count, "1 to 4096 numbers");
        for (int j = 0; j < Thresholds.Count; j++)
        {
            MbatSettings.Check(double.IsFinite(Thresholds[j]), $"paths[{Path}].thresholds", Thresholds[j], "finite numbers");
            MbatSettings.Check(j == 0 || Thresholds[j] > Thresholds[j - 1], $"paths[{Path}].thresholds", Thresholds[j], "rising numbers");
        }
    }

    private static string Join(IReadOnlyList<double> values)
    {
        StringBuilder text = new();
        foreach (double value in values)
            text.Append(value.ToString("R", CultureInfo.InvariantCulture)).Append(',');
        return text.ToString();
    }
}
