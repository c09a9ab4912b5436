using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Ranking.Mbat;

/// <summary>
/// Reads documents from a stream one by one: JSON lines or a JSON array, plain or gzip, in memory of one document.
/// A document <c>{"id", "label", "doc"}</c>, whose keys are among these and include <c>doc</c>, is unwrapped; any other
/// is a document itself. A gzip stream that is cut off is an error only where the process has the runtime option
/// <c>System.IO.Compression.UseStrictValidation</c>; set it in programs that use this.
/// </summary>
public sealed class CorpusReader : IDisposable
{
    private const int LongLine = 1 << 20;
    private readonly Stream _source;
    private readonly Stream _stream;
    private readonly int _maxBytes;
    private byte[] _buffer = new byte[1 << 16];
    private int _start, _end;
    private bool _ended;
    private bool _array, _arrayOpen;
    private JsonReaderState _state;
    private long _line = 1, _column = 1, _number;
    private int _lineBytes;
    private long _elementLine, _elementColumn;

    /// <param name="stream">Read to its end, and closed with the reader.</param>
    /// <param name="format">How documents lie in it.</param>
    /// <param name="maxBytes">Longest document (line) that is read. Default 256 MiB.</param>
    /// <exception cref="MbatFormatException">The stream is no array where one is demanded.</exception>
    public CorpusReader(Stream stream, CorpusFormat format = CorpusFormat.Auto, int maxBytes = 1 << 28)
    {
        (_source, _stream) = (stream, stream);
        _maxBytes = maxBytes;
        while (_end - _start < 2 && !_ended)
            Fill();
        if (_end - _start >= 2 && _buffer[_start] == 0x1F && _buffer[_start + 1] == 0x8B)
        {
            _stream = new GZipStream(new Rejoined(_buffer[_start.._end], stream), CompressionMode.Decompress);
            (_start, _end, _ended) = (0, 0, false);
        }
        while (_end - _start < 3 && !_ended)
            Fill();
        if (Window.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            _start += 3;
        _array = format == CorpusFormat.Array || (format == CorpusFormat.Auto && FirstLineLeavesArrayOpen());
    }

    /// <summary>Opens a file; <c>.json</c> and <c>.json.gz</c> that hold an array are read as one.</summary>
    public static CorpusReader Open(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        bool json = name.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        CorpusReader reader = new(file, json ? CorpusFormat.Lines : CorpusFormat.Auto);
        if (json)
            reader._array = reader.FirstByte() == '[';
        return reader;
    }

    /// <summary>Bytes of the documents read so far, after decompression.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Bytes of the file, compressed or not, that have been read so far; 0 of a stream that has no length.</summary>
    public long SourceBytesRead => _source.CanSeek ? _source.Position : 0;

    /// <summary>Bytes of the file; null of a stream that has no length.</summary>
    public long? SourceLength => _source.CanSeek ? _source.Length : null;

    /// <summary>The next document.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="MbatFormatException">An array is broken, a wrapper is wrong or a document is too long; with its place in the file.</exception>
    public bool Read(out CorpusDocument document)
    {
        ReadOnlyMemory<byte> json = _array ? NextElement() : NextLine();
        document = json.IsEmpty ? default : Wrapper.Unwrap(Whole(json));
        BytesRead += json.Length;
        return !json.IsEmpty;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private ReadOnlySpan<byte> Window => _buffer.AsSpan(_start, _end - _start);

    private ReadOnlyMemory<byte> NextLine()
    {
        while (true)
        {
            int searched = 0, end;
            while ((end = Window[searched..].IndexOf((byte)'\n')) < 0 && !_ended)
            {
                searched = _end - _start;
                Fill();
            }
            end = end < 0 ? _end - _start : searched + end;
            ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, end);
            bool atEnd = _start + end == _end;
            if (atEnd && line.IsEmpty)
                return default;
            _start += atEnd ? end : end + 1;
            int first = line.Span.IndexOfAnyExcept(" \t\r"u8);
            _number = _line++;
            if (first < 0)
                continue;
            _column = first + 1;
            return line[first..(line.Span.LastIndexOfAnyExcept(" \t\r"u8) + 1)];
        }
    }

    private ReadOnlyMemory<byte> NextElement()
    {
        while (true)
        {
            Utf8JsonReader reader = new(Window, _ended, _state);
            try
            {
                if (!_arrayOpen && reader.Read())
                {
                    if (reader.TokenType != JsonTokenType.StartArray)
                        throw new MbatFormatException(_line, _column, "an array of documents is expected");
                    _arrayOpen = true;
                    Advance((int)reader.BytesConsumed);
                    _state = reader.CurrentState;
                    continue;
                }
                if (_arrayOpen && reader.Read())
                {
                    if (reader.TokenType == JsonTokenType.EndArray)
                        return EndArray(ref reader);
                    int start = (int)reader.TokenStartIndex;
                    if (reader.TrySkip())
                    {
                        Advance(start);
                        int used = (int)reader.BytesConsumed - start;
                        ReadOnlyMemory<byte> element = _buffer.AsMemory(_start, used);
                        (_elementLine, _elementColumn) = (_line, _column);
                        Advance(used);
                        _state = reader.CurrentState;
                        _number++;
                        return element;
                    }
                }
            }
            catch (JsonException error)
            {
                throw Broken(error);
            }
            Fill();
        }
    }

    // The reader counts lines and bytes from the start of the stream, across its windows.
    private MbatFormatException Broken(JsonException error)
    {
        long down = (error.LineNumber ?? 0) + 1 - _line;
        int at = 0;
        for (long line = 0; line < down; line++)
            at += Window[at..].IndexOf((byte)'\n') + 1;
        int length = (int)(error.BytePositionInLine ?? 0) - (down == 0 ? _lineBytes : 0);
        int characters = Encoding.UTF8.GetCharCount(Window.Slice(at, Math.Clamp(length, 0, Window.Length - at)));
        string message = error.Message.Split(" LineNumber:")[0];
        return new(_line + down, (down == 0 ? _column : 1) + characters, $"after document {_number}: {message}", error);
    }

    private ReadOnlyMemory<byte> EndArray(ref Utf8JsonReader reader)
    {
        Advance((int)reader.BytesConsumed);
        do
        {
            if (Window.IndexOfAnyExcept(" \t\r\n"u8) >= 0)
                throw new MbatFormatException(_line, _column, "nothing is expected after the array");
            _start = _end;
            Fill();
        }
        while (_end > _start);
        return default;
    }

    private CorpusDocument Whole(ReadOnlyMemory<byte> json)
    {
        (long line, long column) = _array ? (_elementLine, _elementColumn) : (_line - 1, _column);
        return new(_number.ToString(CultureInfo.InvariantCulture), null, json, line, column);
    }

    private int FirstByte()
    {
        int at;
        while ((at = Window.IndexOfAnyExcept(" \t\r\n"u8)) < 0 && !_ended)
            Fill();
        return at < 0 ? -1 : Window[at];
    }

    private bool FirstLineLeavesArrayOpen()
    {
        if (FirstByte() != '[')
            return false;
        int from = Window.IndexOf((byte)'['), end;
        while ((end = Window[from..].IndexOf((byte)'\n')) < 0 && !_ended)
        {
            // No document has a line this long and starts as an array: it is a corpus.
            if (_end - _start > LongLine)
                return true;
            Fill();
        }
        if (end < 0)
            return false;
        try
        {
            Utf8JsonReader reader = new(Window.Slice(from, end), isFinalBlock: false, default);
            return reader.Read() && !reader.TrySkip();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Advance(int bytes)
    {
        ReadOnlySpan<byte> passed = Window[..bytes];
        int last = passed.LastIndexOf((byte)'\n');
        _line += passed.Count((byte)'\n');
        _lineBytes = last < 0 ? _lineBytes + bytes : bytes - last - 1;
        _column = last < 0 ? _column + Encoding.UTF8.GetCharCount(passed) : Encoding.UTF8.GetCharCount(passed[(last + 1)..]) + 1;
        _start += bytes;
    }

    // Reads more behind the window, moving or growing it where it must.
    private void Fill()
    {
        if (_start > 0)
        {
            Window.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= _maxBytes)
                throw new MbatFormatException(_line, 1, $"a document is longer than {_maxBytes} bytes");
            Array.Resize(ref _buffer, (int)Math.Min(2L * _buffer.Length, Math.Max(_maxBytes, _buffer.Length + 1)));
        }
        int read;
        try
        {
            read = _stream.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (InvalidDataException error)
        {
            throw new MbatFormatException(_line, 1, "the gzip stream is damaged", error);
        }
        _end += read;
        _ended = read == 0;
    }
}
