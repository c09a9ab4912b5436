namespace Ranking.Mbat;

/// <summary>One document of a corpus.</summary>
/// <param name="Id">Its id; where the corpus gives none, the number of its line or element, from 1.</param>
/// <param name="Label">Its label, or null.</param>
/// <param name="Json">The document's UTF-8; valid until the next document is read.</param>
/// <param name="Line">Line of the file on which <paramref name="Json"/> starts, from 1.</param>
/// <param name="Column">Column there, in characters from 1.</param>
public readonly record struct CorpusDocument(string Id, string? Label, ReadOnlyMemory<byte> Json, long Line, long Column)
{
    /// <summary>An error within the document as an error of the file.</summary>
    public MbatFormatException Locate(MbatFormatException error)
    {
        string message = error.Message[(error.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..];
        return new(Line + error.Line - 1, error.Line == 1 ? Column + error.Column - 1 : error.Column, message, error);
    }
}

/// <summary>How documents lie in a file.</summary>
public enum CorpusFormat
{
    /// <summary>One a line, unless the file starts with an array that its first line does not end.</summary>
    Auto,

    /// <summary>One a line; blank lines are skipped.</summary>
    Lines,

    /// <summary>The elements of one array.</summary>
    Array,
}
