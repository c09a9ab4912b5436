using Parquet.Schema;
using Ranking.Features.Examples;

namespace Ranking.Streams.Examples;

/// <summary>The columns of a Parquet file of examples: names that other tools can read, in the order of the layout.</summary>
sealed class ExampleColumns
{
    /// <summary>The columns of a layout.</summary>
    public ExampleColumns(FeatureLayout layout)
    {
        Labels = [.. layout.Labels.Select(l => Number($"label_{l}"))];
        List<DataField> numbers = [], ids = [];
        foreach (FeatureColumn column in layout.Columns)
        {
            if (column.IsIds) ids.Add(new DataField($"feature_{column.Feature}", typeof(string), isNullable: true, isArray: column.Width > 1));
            else for (int i = 0; i < column.Width; i++) numbers.Add(Number(column.Width == 1 ? $"feature_{column.Feature}" : $"feature_{column.Feature}[{i}]"));
        }
        (Numbers, Ids) = ([.. numbers], [.. ids]);
        Schema = new ParquetSchema([Time, RequestId, User, Item, List, Source, .. Labels, .. Numbers, .. Ids]);
    }

    public DataField Time { get; } = new("time_ms", typeof(long), isNullable: false);

    public DataField RequestId { get; } = Text("request_id");

    public DataField User { get; } = Text("user");

    public DataField Item { get; } = Text("item");

    public DataField List { get; } = Text("list");

    public DataField Source { get; } = Text("source");

    public DataField[] Labels { get; }

    public DataField[] Numbers { get; }

    /// <summary>One id: null where it is missing. Several: a list.</summary>
    public DataField[] Ids { get; }

    public ParquetSchema Schema { get; }

    static DataField Text(string name) => new(name, typeof(string), isNullable: false);

    static DataField Number(string name) => new(name, typeof(float), isNullable: false);
}
