using Ranking.Features.Spec;

namespace Ranking.Features.Examples;

/// <summary>One feature's place in a <see cref="FeatureVector"/>.</summary>
/// <param name="Feature">Name of the feature.</param>
/// <param name="Index">Of ids: the id column. Of numbers: where its numbers begin in <see cref="FeatureVector.Numbers"/>.</param>
/// <param name="Width">Of ids: the most ids it can have. Of numbers: how many it has.</param>
/// <param name="Table">Of ids: the table's name. Of numbers: null.</param>
/// <param name="Pooling">Of ids: how the model pools them.</param>
public sealed record FeatureColumn(string Feature, int Index, int Width, string? Table, Pooling Pooling = Pooling.Mean)
{
    /// <summary>Whether the feature's values are ids.</summary>
    public bool IsIds => Table is not null;
}

/// <summary>The columns that make one token.</summary>
/// <param name="Name">Name of the group.</param>
/// <param name="Side">When its token can be computed.</param>
/// <param name="Columns">Its columns, in order.</param>
public sealed record GroupLayout(string Name, Side Side, IReadOnlyList<FeatureColumn> Columns);

/// <summary>How the features of a spec lie in a <see cref="FeatureVector"/>, and which of them make which token.</summary>
public sealed class FeatureLayout
{
    FeatureLayout(IReadOnlyList<FeatureColumn> columns, IReadOnlyList<GroupLayout> groups, IReadOnlyDictionary<string, TableSpec> tables, IReadOnlyList<string> labels)
    {
        (Columns, Groups, Tables, Labels) = (columns, groups, tables, labels);
        IdColumns = columns.Count(c => c.IsIds);
        NumberWidth = columns.Where(c => !c.IsIds).Sum(c => c.Width);
    }

    /// <summary>All columns, in the order of the spec's features.</summary>
    public IReadOnlyList<FeatureColumn> Columns { get; }

    /// <summary>The groups, in order; group i becomes token i + 1 (token 0 is the global one).</summary>
    public IReadOnlyList<GroupLayout> Groups { get; }

    /// <summary>Every table that a column names, with its settings.</summary>
    public IReadOnlyDictionary<string, TableSpec> Tables { get; }

    /// <summary>Names of the labels (tasks), in order.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Number of id columns.</summary>
    public int IdColumns { get; }

    /// <summary>Length of <see cref="FeatureVector.Numbers"/>.</summary>
    public int NumberWidth { get; }

    /// <summary>The layout of a spec's features. Pure: the same spec gives the same layout.</summary>
    public static FeatureLayout Of(RankingSpec spec)
    {
        var columns = new List<FeatureColumn>();
        var tables = new Dictionary<string, TableSpec>(StringComparer.Ordinal);
        int ids = 0, numbers = 0;
        foreach ((string name, FeatureSpec feature) in spec.Features)
        {
            if (feature is IdsFeatureSpec idsFeature)
            {
                string table = idsFeature.Table ?? name;
                tables.TryAdd(table, spec.Tables.TryGetValue(table, out TableSpec? own) ? own : spec.Tables.GetValueOrDefault("default") ?? new());
                columns.Add(new(name, ids++, WidthOf(feature), table, feature is SequenceFeatureSpec sequence ? sequence.Pooling : Pooling.Mean));
            }
            else
            {
                int width = WidthOf(feature);
                columns.Add(new(name, numbers, width, null));
                numbers += width;
            }
        }
        Dictionary<string, FeatureColumn> byName = columns.ToDictionary(c => c.Feature, StringComparer.Ordinal);
        GroupLayout[] groups = [.. spec.Groups.Select(g => new GroupLayout(g.Key, g.Value.Side, [.. g.Value.Features.Select(f => byName[f])]))];
        return new(columns, groups, tables, [.. spec.Labels.Keys]);
    }

    static int WidthOf(FeatureSpec feature) => feature switch
    {
        MultiHotFeatureSpec m => m.Length,
        SequenceFeatureSpec s => s.Length,
        AggregateFeatureSpec a => a.Windows.Count * a.As.Count,
        MbatFeatureSpec m => m.Dimension,
        _ => 1,
    };
}
