using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Networks;
using Ranking.Models.Tables;

namespace Ranking.Models.Input;

/// <summary>How a feature vector becomes the network's input: which column comes from which table and lies where.</summary>
sealed class InputPlan
{
    readonly InputColumn[][] byGroup;

    InputPlan(InputShape shape, InputColumn[] columns, Dictionary<string, InputColumn> targets, InputColumn[][] byGroup) =>
        (Shape, Columns, Targets, this.byGroup) = (shape, columns, targets, byGroup);

    /// <summary>Where groups and columns lie in the input vector.</summary>
    public InputShape Shape { get; }

    /// <summary>The columns that some group uses.</summary>
    public IReadOnlyList<InputColumn> Columns { get; }

    /// <summary>Of each sequence under attention: the column that it attends to.</summary>
    public IReadOnlyDictionary<string, InputColumn> Targets { get; }

    /// <summary>One group's numbers of one vector: for scoring, where groups are read one by one and none is under attention.</summary>
    /// <param name="group">Its number.</param>
    /// <param name="vector">Only the group's own columns are read.</param>
    /// <param name="x">[width of the group].</param>
    public void Gather(int group, FeatureVector vector, Span<float> x)
    {
        foreach (InputColumn column in byGroup[group])
        {
            Span<float> own = x[..column.Width];
            x = x[column.Width..];
            if (column.Table is { } table) table.Pool(vector.IdsOf(column.Index), own);
            else column.CopyNumbers(vector, own);
        }
    }

    /// <summary>The plan of a layout.</summary>
    /// <param name="layout">Of the spec.</param>
    /// <param name="tables">One for each table of the layout.</param>
    /// <param name="attendAll">Whether every sequence that has a target is pooled by attention (KIND din).</param>
    /// <exception cref="ArgumentException">A sequence asks for attention and no column holds a candidate to attend to.</exception>
    public static InputPlan Of(FeatureLayout layout, IReadOnlyDictionary<string, IdTable> tables, bool attendAll)
    {
        Dictionary<string, (FeatureColumn Column, List<int> Offsets)> places = new(StringComparer.Ordinal);
        List<InputSpan> groups = [], spans = [];
        int offset = 0;
        foreach (GroupLayout group in layout.Groups)
        {
            int start = offset;
            foreach (FeatureColumn column in group.Columns)
            {
                int width = column.IsIds ? tables[column.Table!].Settings.Dim : column.Width;
                if (!places.TryGetValue(column.Feature, out var place)) places.Add(column.Feature, place = (column, []));
                place.Offsets.Add(offset);
                spans.Add(new InputSpan(column.Feature, offset, width, column.IsIds));
                offset += width;
            }
            groups.Add(new InputSpan(group.Name, start, offset - start));
        }
        if (offset == 0) throw new ArgumentException("the groups hold no feature, so the model has no input");

        Dictionary<string, InputColumn> columns = new(StringComparer.Ordinal), targets = new(StringComparer.Ordinal);
        foreach ((FeatureColumn column, List<int> offsets) in places.Values)
        {
            FeatureColumn? target = Target(column);
            bool attention = target is not null && (column.Pooling == Pooling.Din || attendAll);
            if (column.Pooling == Pooling.Din && target is null)
                throw new ArgumentException($"feature '{column.Feature}': pooling din needs a feature of one id in the same table '{column.Table}', in a group, to attend to");
            int width = column.IsIds ? tables[column.Table!].Settings.Dim : column.Width;
            columns.Add(column.Feature, new InputColumn(column.Feature, column.Index, width, column.IsIds ? tables[column.Table!] : null, attention, offsets));
        }
        foreach (InputColumn column in columns.Values)
            if (column.Attention) targets.Add(column.Feature, columns[Target(places[column.Feature].Column)!.Feature]);
        InputColumn[][] byGroup = [.. layout.Groups.Select(g => g.Columns.Select(c => columns[c.Feature]).ToArray())];
        return new InputPlan(new InputShape(groups, spans), [.. columns.Values], targets, byGroup);

        // Only a sequence can attend: what it attends to is a single id of its own table.
        FeatureColumn? Target(FeatureColumn sequence) => !sequence.IsIds || sequence.Width == 1 ? null
            : places.Values.Select(p => p.Column).FirstOrDefault(c => c.IsIds && c.Width == 1 && c.Table == sequence.Table);
    }
}
