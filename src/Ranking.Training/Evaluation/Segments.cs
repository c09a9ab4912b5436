using System.Globalization;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Models.Tables;
using Ranking.Training.Batches;

namespace Ranking.Training.Evaluation;

/// <summary>The segments that an evaluation is also reported by.</summary>
public static class Segments
{
    const string NewPrefix = "new:", None = "(none)";

    /// <summary>
    /// The segment of an example: of an id feature its value, of a number its tenth among the examples, of <c>new:FEATURE</c> whether
    /// the model has a row for the feature's id (<c>known</c>) or not (<c>new</c>).
    /// </summary>
    /// <param name="spec">The spec.</param>
    /// <param name="name">FEATURE or new:FEATURE.</param>
    /// <param name="model">The model, for <c>new:</c>.</param>
    /// <param name="examples">The examples, read once where a number is cut into tenths.</param>
    /// <exception cref="RankingException">The spec has no such feature, or it has several numbers.</exception>
    public static Func<Example, string> By(RankingSpec spec, string name, IScoringModel model, IExampleSource examples)
    {
        bool isNew = name.StartsWith(NewPrefix, StringComparison.Ordinal);
        string feature = isNew ? name[NewPrefix.Length..] : name;
        FeatureColumn column = FeatureLayout.Of(spec).Columns.FirstOrDefault(c => c.Feature == feature)
            ?? throw new RankingException(ErrorCodes.WrongUsage, $"segment '{name}': the spec has no feature '{feature}'; it has {string.Join(", ", spec.Features.Keys)}.");
        if (column.IsIds && !isNew) return e => Value(e.Features.IdsOf(column.Index));
        if (column.IsIds) return model is RankingModel tables ? KnownOrNew(column, tables.Tables[column.Table!])
            : throw new RankingException(ErrorCodes.WrongUsage, $"segment '{name}': a model of kind '{spec.Model.Kind}' has no tables of ids.");
        if (isNew) throw new RankingException(ErrorCodes.WrongUsage, $"segment '{name}': the feature '{feature}' is a number; 'new:' needs a feature of ids.");
        if (column.Width != 1) throw new RankingException(ErrorCodes.WrongUsage, $"segment '{name}': the feature has {column.Width} numbers; expected a feature of ids or of one number.");
        return Tenths(column, examples);
    }

    static string Value(ReadOnlySpan<string> ids) => ids.IsEmpty ? None : string.Join(',', ids!);

    static Func<Example, string> KnownOrNew(FeatureColumn column, IdTable table) => e =>
    {
        ReadOnlySpan<string> ids = e.Features.IdsOf(column.Index);
        if (ids.IsEmpty) return None;
        foreach (string id in ids)
            if (table.Find(id) == IdTable.Shared) return "new";
        return "known";
    };

    static Func<Example, string> Tenths(FeatureColumn column, IExampleSource examples)
    {
        float[] values = [.. examples.Read(BatchPosition.Start.Offsets, CancellationToken.None).Select(e => e.Example.Features.Numbers[column.Index]).Order()];
        float[] bounds = values.Length == 0 ? [] : [.. Enumerable.Range(1, 9).Select(tenth => values[(int)((long)values.Length * tenth / 10)]).Distinct()];
        return e =>
        {
            float value = e.Features.Numbers[column.Index];
            int below = bounds.Count(b => b <= value);
            string Bound(int i) => bounds[i].ToString("g4", CultureInfo.InvariantCulture);
            return bounds.Length == 0 ? None : below == 0 ? $"< {Bound(0)}" : below == bounds.Length ? $"≥ {Bound(below - 1)}" : $"{Bound(below - 1)} – {Bound(below)}";
        };
    }
}
