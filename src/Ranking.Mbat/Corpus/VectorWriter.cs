using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Ranking.Mbat;

/// <summary>How vectors are written.</summary>
public enum VectorFormat
{
    /// <summary><c>{"id": "…", "vector": […]}</c> a line.</summary>
    Json,

    /// <summary>NumPy's .npy of shape (n, D), float32.</summary>
    Npy,

    /// <summary>Nothing but the floats, little-endian.</summary>
    F32,
}

/// <summary>Writes vectors to a stream, and the ids that .npy and raw floats have no room for to another.</summary>
public sealed class VectorWriter : IDisposable
{
    private const int NpyHeader = 128;
    private readonly Stream _stream;
    private readonly TextWriter? _ids;
    private readonly VectorFormat _format;
    private readonly int _dimension;
    private readonly VectorText? _text;
    private bool _open = true;

    /// <param name="stream">Target; it must seek for <see cref="VectorFormat.Npy"/>, whose header holds the count. Left open.</param>
    /// <param name="format">How to write.</param>
    /// <param name="dimension">D.</param>
    /// <param name="ids">Takes an id a line; closed with the writer. Null: ids are dropped.</param>
    /// <exception cref="ArgumentException">.npy to a stream that cannot seek.</exception>
    public VectorWriter(Stream stream, VectorFormat format, int dimension, TextWriter? ids = null)
    {
        if (format == VectorFormat.Npy && !stream.CanSeek)
            throw new ArgumentException("npy: its header holds the number of vectors, so it cannot be written to a pipe; name a file, or take f32");
        (_stream, _format, _dimension, _ids) = (stream, format, dimension, ids);
        if (format == VectorFormat.Npy)
            stream.Write(Header(0));
        if (format == VectorFormat.Json)
            _text = new VectorText();
    }

    /// <summary>Opens a file, with its ids in <c>PATH.ids</c> and the settings in <c>PATH.settings.json</c>, unless the format is JSON.</summary>
    public static VectorWriter Create(string path, VectorFormat format, MbatSettings settings)
    {
        TextWriter? ids = null;
        if (format != VectorFormat.Json)
        {
            File.WriteAllText(path + ".settings.json", settings.ToJson());
            ids = new StreamWriter(path + ".ids", false, new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };
        }
        return new VectorWriter(new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 18), format, settings.Dimension, ids) { _owned = true };
    }

    /// <summary>Vectors written so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether vectors are lines of text.</summary>
    internal bool IsText => _text is not null;

    private bool _owned;

    /// <summary>Writes one vector.</summary>
    /// <exception cref="ArgumentException">An id with a line break, where ids are lines; or a vector of another dimension.</exception>
    public void Write(string id, ReadOnlySpan<float> vector)
    {
        if (vector.Length != _dimension)
            throw new ArgumentException($"id {id}: its vector has {vector.Length} numbers, {_dimension} are expected");
        if (_ids is not null && id.AsSpan().IndexOfAny('\n', '\r') >= 0)
            throw new ArgumentException($"id {JsonEncodedText.Encode(id)}: ids are written one a line and may hold no line break");
        Count++;
        if (_text is not null)
        {
            _text.Render(id, vector);
            _stream.Write(_text.Line);
            return;
        }
        _stream.Write(MemoryMarshal.AsBytes(vector));
        _ids?.WriteLine(id);
    }

    /// <summary>Writes a vector that has become text elsewhere.</summary>
    internal void Write(VectorText text)
    {
        Count++;
        _stream.Write(text.Line);
    }

    /// <summary>Finishes the file.</summary>
    public void Dispose()
    {
        if (!_open)
            return;
        _open = false;
        _text?.Dispose();
        _ids?.Dispose();
        if (_format == VectorFormat.Npy)
        {
            _stream.Position -= Count * _dimension * 4 + NpyHeader;
            _stream.Write(Header(Count));
            _stream.Seek(0, SeekOrigin.End);
        }
        _stream.Flush();
        if (_owned)
            _stream.Dispose();
    }

    private byte[] Header(long count)
    {
        // Version 1.0 (numpy.lib.format): magic, length of the rest, a Python dict padded with blanks to a multiple of 64.
        string dict = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {_dimension}), }}");
        byte[] header = new byte[NpyHeader];
        byte[] start = [0x93, .. "NUMPY"u8, 1, 0, NpyHeader - 10, 0];
        start.CopyTo(header, 0);
        Encoding.ASCII.GetBytes(dict.PadRight(NpyHeader - 11) + "\n", header.AsSpan(10));
        return header;
    }
}
