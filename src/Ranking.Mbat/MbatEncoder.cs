using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace Ranking.Mbat;

/// <summary>
/// Turns any JSON document into a vector of fixed length such that similar documents get similar vectors: an MBAT
/// encoding (Gallant and Okaywe 2013; Gallant 2022, arXiv 2202.04771) with orthogonal key matrices. Values of an object
/// are bound by a matrix of their key and added, elements by powers of one matrix, words, numbers and atoms are random
/// vectors. Safe for use by many threads; a document like earlier ones allocates nothing.
/// </summary>
public sealed class MbatEncoder
{
    private readonly EncoderContext _context;
    private readonly ConcurrentQueue<DocumentEncoder> _idle = new();
    private DocumentEncoder? _last;

    /// <summary>An encoder for settings, which are checked.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public MbatEncoder(MbatSettings settings)
    {
        _context = new EncoderContext(settings);
        SettingsHash = settings.Hash();
    }

    internal EncoderContext Context => _context;

    /// <summary>The settings.</summary>
    public MbatSettings Settings => _context.Settings;

    /// <summary><see cref="MbatSettings.Hash"/> of the settings.</summary>
    public string SettingsHash { get; }

    /// <summary>Length of a vector, D.</summary>
    public int Dimension => _context.Settings.Dimension;

    /// <summary>Encodes one document.</summary>
    /// <param name="utf8Json">The document; a UTF-8 byte order mark is allowed.</param>
    /// <param name="unitVector">Takes the D floats, scaled to length 1; all zero where weights drop every leaf.</param>
    /// <exception cref="ArgumentException"><paramref name="unitVector"/> is not D long.</exception>
    /// <exception cref="MbatFormatException">The document is no JSON, or breaks a limit of the settings.</exception>
    public void Encode(ReadOnlySpan<byte> utf8Json, Span<float> unitVector)
    {
        if (unitVector.Length != Dimension)
            throw new ArgumentException($"the span holds {unitVector.Length} floats, {Dimension} are expected", nameof(unitVector));
        DocumentEncoder encoder = Interlocked.Exchange(ref _last, null) ?? (_idle.TryDequeue(out DocumentEncoder? idle) ? idle : new DocumentEncoder(_context));
        try
        {
            encoder.Read(utf8Json);
            encoder.Result.ToUnit(unitVector);
        }
        finally
        {
            if (Interlocked.CompareExchange(ref _last, encoder, null) is not null)
                _idle.Enqueue(encoder);
        }
    }

    /// <summary>Encodes one document into a new array of D floats of length 1.</summary>
    /// <exception cref="MbatFormatException">The document is no JSON, or breaks a limit of the settings.</exception>
    public float[] Encode(string json)
    {
        float[] unitVector = new float[Dimension];
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(json.Length));
        try
        {
            Encode(utf8.AsSpan(0, Encoding.UTF8.GetBytes(json, utf8)), unitVector);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(utf8);
        }
        return unitVector;
    }
}
