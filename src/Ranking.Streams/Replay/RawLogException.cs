using Ranking.Features.Errors;

namespace Ranking.Streams.Replay;

/// <summary>Raw logs, or the SQL over them, do not give events.</summary>
/// <param name="error">Kind of failure: SQL that fails, other columns, or a row that cannot be used.</param>
/// <param name="file">The SQL file.</param>
/// <param name="column">The column, where one is wrong.</param>
/// <param name="row">The row of the SQL's result, from 1, where one is wrong.</param>
/// <param name="found">What is there.</param>
/// <param name="expected">What was expected.</param>
/// <param name="inner">DuckDB's exception, where it refused.</param>
public sealed class RawLogException(ErrorCode error, string file, string? column, long? row, string found, string expected, Exception? inner = null)
    : RankingException(error, MessageOf(file, column, row, found, expected), inner)
{
    /// <summary>The SQL file.</summary>
    public string File { get; } = file;

    /// <summary>The column, where one is wrong.</summary>
    public string? Column { get; } = column;

    /// <summary>The row of the SQL's result, from 1, where one is wrong.</summary>
    public long? Row { get; } = row;

    static string MessageOf(string file, string? column, long? row, string found, string expected) =>
        file + (row is null ? "" : FormattableString.Invariant($": row {row}")) + (column is null ? "" : $": column \"{column}\"") + $": found {found}, expected {expected}";
}
