using Ranking.Features.Examples;

namespace Ranking.Models.Trees;

/// <summary>
/// How a feature vector becomes a row for trees: numbers as they are, a single id as its code in a vocabulary (a category), a list
/// of ids as its length. What is missing or not in the vocabulary is NaN.
/// </summary>
/// <param name="Columns">Of the layout, in its order.</param>
/// <param name="Vocabularies">Of each column of single ids, its ids in the order of their codes.</param>
sealed record TreeRows(IReadOnlyList<FeatureColumn> Columns, IReadOnlyDictionary<string, IReadOnlyList<string>> Vocabularies)
{
    /// <summary>An id with fewer sights has no code: a split on it would learn its few labels by heart.</summary>
    const int LeastSights = 50;

    /// <summary>Codes a column at most: the most frequent ids.</summary>
    const int MostCodes = 1000;

    readonly Dictionary<string, Dictionary<string, int>> codes = Vocabularies.ToDictionary(
        v => v.Key, v => v.Value.Select((id, code) => (id, code)).ToDictionary(c => c.id, c => c.code, StringComparer.Ordinal), StringComparer.Ordinal);

    /// <summary>Numbers of a row.</summary>
    public int Width { get; } = Columns.Sum(WidthOf);

    /// <summary>Names of the row's numbers.</summary>
    public string[] Names => [.. Columns.SelectMany(c => c.IsIds || c.Width == 1 ? [c.Feature] : Enumerable.Range(0, c.Width).Select(i => $"{c.Feature}.{i}"))];

    /// <summary>Places of the categories in a row.</summary>
    public IEnumerable<int> Categories
    {
        get
        {
            int place = 0;
            foreach (FeatureColumn column in Columns)
            {
                if (codes.ContainsKey(column.Feature)) yield return place;
                place += WidthOf(column);
            }
        }
    }

    /// <summary>The columns that are in some group, in the layout's order.</summary>
    public static FeatureColumn[] ColumnsOf(FeatureLayout layout)
    {
        HashSet<string> used = [.. layout.Groups.SelectMany(g => g.Columns).Select(c => c.Feature)];
        return [.. layout.Columns.Where(c => used.Contains(c.Feature))];
    }

    /// <summary>Learns the vocabularies: ties by the id itself, so that the same examples give the same codes.</summary>
    public static TreeRows Of(FeatureLayout layout, IEnumerable<FeatureVector> vectors)
    {
        FeatureColumn[] columns = ColumnsOf(layout);
        FeatureColumn[] single = [.. columns.Where(IsCategory)];
        Dictionary<string, int>[] sights = [.. single.Select(_ => new Dictionary<string, int>(StringComparer.Ordinal))];
        foreach (FeatureVector vector in vectors)
            for (int c = 0; c < single.Length; c++)
                foreach (string id in vector.IdsOf(single[c].Index)) sights[c][id] = sights[c].GetValueOrDefault(id) + 1;
        return new TreeRows(columns, single.Select((column, c) => (column.Feature, Ids: (IReadOnlyList<string>)[.. sights[c]
            .Where(s => s.Value >= LeastSights).OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal).Take(MostCodes).Select(s => s.Key)]))
            .ToDictionary(v => v.Feature, v => v.Ids, StringComparer.Ordinal));
    }

    /// <summary>Writes a vector's row.</summary>
    public void Fill(FeatureVector vector, Span<float> row)
    {
        int place = 0;
        foreach (FeatureColumn column in Columns)
        {
            if (!column.IsIds) vector.Numbers.AsSpan(column.Index, column.Width).CopyTo(row[place..]);
            else if (!codes.TryGetValue(column.Feature, out Dictionary<string, int>? known)) row[place] = vector.IdsOf(column.Index).Length;
            else row[place] = vector.IdsOf(column.Index) is [string id] && known.TryGetValue(id, out int code) ? code : float.NaN;
            place += WidthOf(column);
        }
    }

    static bool IsCategory(FeatureColumn column) => column.IsIds && column.Width == 1;

    static int WidthOf(FeatureColumn column) => column.IsIds ? 1 : column.Width;
}
