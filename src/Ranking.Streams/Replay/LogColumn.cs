namespace Ranking.Streams.Replay;

/// <summary>What a column of a source's SQL holds.</summary>
enum LogColumnType
{
    Time,
    Id,
    Ids,
    Number,
    Whole,
    Json,
}

/// <summary>A column that a source's SQL must yield.</summary>
/// <param name="Name">Its name; case does not matter, as in SQL.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Default">The number, as SQL, that a null becomes; null leaves it.</param>
sealed record LogColumn(string Name, LogColumnType Type, string? Default = null)
{
    static readonly string[] Integers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"];

    /// <summary>What the column's type may be, for an error message.</summary>
    public string Expected => Type switch
    {
        LogColumnType.Time => "TIMESTAMP WITH TIME ZONE, or BIGINT milliseconds since 1970 UTC (a time needs an offset)",
        LogColumnType.Id => "VARCHAR or a whole number, as an id",
        LogColumnType.Ids => "a list of VARCHAR or of whole numbers, as ids",
        LogColumnType.Number => "a number",
        LogColumnType.Whole => "a whole number",
        _ => "JSON, a STRUCT, or VARCHAR that holds JSON",
    };

    /// <summary>Whether DuckDB's type of that name is one of them.</summary>
    public bool Takes(string type) => Type switch
    {
        LogColumnType.Time => type == "TIMESTAMP WITH TIME ZONE" || Integers.Contains(type),
        LogColumnType.Id => IsId(type),
        LogColumnType.Ids => type == "INTEGER" || type.EndsWith("[]", StringComparison.Ordinal) && IsId(type[..^2]), // INTEGER: a bare NULL
        LogColumnType.Number => type is "DOUBLE" or "FLOAT" or "BOOLEAN" || type.StartsWith("DECIMAL", StringComparison.Ordinal) || Integers.Contains(type),
        LogColumnType.Whole => Integers.Contains(type),
        _ => type is "JSON" or "VARCHAR" or "INTEGER" || type.StartsWith("STRUCT(", StringComparison.Ordinal) || type.StartsWith("MAP(", StringComparison.Ordinal),
    };

    /// <summary>SQL that makes of the column what is read: milliseconds, text, lists of text, DOUBLE, BIGINT.</summary>
    public string Expression(string type)
    {
        string name = QuotedName;
        return Type switch
        {
            LogColumnType.Time => type == "TIMESTAMP WITH TIME ZONE" ? $"epoch_ms({name})" : $"CAST({name} AS BIGINT)",
            LogColumnType.Id => $"CAST({name} AS VARCHAR)",
            LogColumnType.Ids => $"CAST({(type == "INTEGER" ? "NULL" : name)} AS VARCHAR[])",
            LogColumnType.Number => Default is null ? $"CAST({name} AS DOUBLE)" : $"coalesce(CAST({name} AS DOUBLE), {Default})",
            LogColumnType.Whole => $"CAST({name} AS BIGINT)",
            _ => type is "JSON" or "VARCHAR" or "INTEGER" ? $"CAST({name} AS VARCHAR)" : $"CAST(to_json({name}) AS VARCHAR)",
        };
    }

    /// <summary>The name as SQL quotes it.</summary>
    public string QuotedName => $"\"{Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static bool IsId(string type) => type is "VARCHAR" or "UUID" || type.StartsWith("ENUM(", StringComparison.Ordinal) || Integers.Contains(type);
}
