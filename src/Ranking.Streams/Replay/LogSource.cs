using DuckDB.NET.Data;
using Ranking.Features.Errors;
using Ranking.Features.Events;

namespace Ranking.Streams.Replay;

/// <summary>One SQL file of a spec, as events.</summary>
/// <param name="file">The file, as errors name it.</param>
/// <param name="columns">The columns that it must yield.</param>
/// <param name="order">Names of the columns whose order is the events' own.</param>
/// <param name="read">Makes an event of a row.</param>
sealed class LogSource(string file, IReadOnlyList<LogColumn> columns, IReadOnlyList<string> order, Func<LogRow, SourceEvent> read)
{
    /// <summary>The file, as errors name it.</summary>
    public string File { get; } = file;

    /// <summary>The events in the order of time, identity and row; or, with an arrival column, of arrival and row.</summary>
    /// <param name="database">Where the SQL runs.</param>
    /// <param name="arrival">The column that tells when a row arrived; null to order by time.</param>
    public IEnumerable<(SourceEvent Event, long Arrival)> Read(LogDatabase database, string? arrival)
    {
        string sql = ReadFile();
        LogColumn[] all = arrival is null ? [.. columns] : [.. columns, new(arrival, LogColumnType.Time)];
        using DuckDBConnection connection = database.Connect();
        Dictionary<string, string> types = TypesOf(connection, sql);
        foreach (LogColumn column in all) Check(column, types);
        string selected = string.Join(", ", all.Select(c => $"{c.Expression(types[c.Name])} AS {c.QuotedName}"));
        string sorted = arrival is null ? string.Join(", ", order.Select(c => $"\"{c}\" NULLS FIRST")) : $"{all[^1].QuotedName}";
        using DuckDBCommand command = connection.CreateCommand();
        command.UseStreamingMode = true;
        command.CommandText = $"SELECT {selected}, \"ranking row\" FROM (SELECT *, row_number() OVER () AS \"ranking row\" FROM (\n{sql}\n)) ORDER BY {sorted}, \"ranking row\"";
        using DuckDBDataReader reader = Run(command.ExecuteReader);
        var row = new LogRow(File, all, reader);
        while (Run(reader.Read)) yield return (read(row), arrival is null ? 0 : row.TimeMs(all.Length - 1));
    }

    string ReadFile()
    {
        try
        {
            return System.IO.File.ReadAllText(File).TrimEnd().TrimEnd(';');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RawLogException(ErrorCodes.SourceSqlFailed, File, null, null, e.Message, "a readable SQL file", e);
        }
    }

    Dictionary<string, string> TypesOf(DuckDBConnection connection, string sql)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"DESCRIBE (\n{sql}\n)";
        using DuckDBDataReader reader = Run(command.ExecuteReader);
        var types = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (reader.Read()) types[reader.GetString(0)] = reader.GetString(1);
        return types;
    }

    void Check(LogColumn column, Dictionary<string, string> types)
    {
        if (!types.TryGetValue(column.Name, out string? type))
            throw new RawLogException(ErrorCodes.SourceColumns, File, column.Name, null, $"no such column among {string.Join(", ", types.Keys)}", column.Expected);
        if (!column.Takes(type))
            throw new RawLogException(ErrorCodes.SourceColumns, File, column.Name, null, type, column.Expected);
    }

    T Run<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (DuckDBException e)
        {
            throw new RawLogException(ErrorCodes.SourceSqlFailed, File, null, null, e.Message.Trim(), "SQL that DuckDB runs", e);
        }
    }
}
