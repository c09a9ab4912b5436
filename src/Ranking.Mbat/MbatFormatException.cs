namespace Ranking.Mbat;

/// <summary>A document that is not JSON, or breaks a limit of the settings.</summary>
public sealed class MbatFormatException : FormatException
{
    /// <summary>An error at a place of the document; <paramref name="line"/> and <paramref name="column"/> count from 1.</summary>
    public MbatFormatException(long line, long column, string message, Exception? inner = null)
        : base($"line {line}, column {column}: {message}", inner)
    {
        Line = line;
        Column = column;
    }

    /// <summary>Line of the fault, from 1.</summary>
    public long Line { get; }

    /// <summary>Column of the fault in characters (code points), from 1.</summary>
    public long Column { get; }
}
