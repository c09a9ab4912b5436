using System.Runtime.InteropServices;
using System.Text;

namespace Ranking.Mbat;

/// <summary>
/// Writes an index file: vectors go to disk as they come, ids are kept until the end. The file is written aside and
/// renamed when whole, so readers see the old one or the new one.
/// </summary>
internal sealed class IndexBuilder : IDisposable
{
    private readonly string _path;
    private readonly string _aside;
    private readonly MbatSettings _settings;
    private readonly FileStream _file;
    private readonly List<byte[]> _ids = [];
    private readonly FileStream? _payloads;
    private readonly List<long> _payloadEnds = [];

    public IndexBuilder(string path, MbatSettings settings, bool withPayloads)
    {
        settings.Validate();
        _settings = settings;
        _path = Path.GetFullPath(path);
        _aside = $"{_path}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        _file = new FileStream(_aside, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 20);
        _file.Position = IndexHeader.Size;
        if (withPayloads)
            _payloads = new FileStream(_aside + ".payloads", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 20, FileOptions.DeleteOnClose);
    }

    public void Add(string id, ReadOnlySpan<float> vector, ReadOnlySpan<byte> payload = default)
    {
        if (vector.Length != _settings.Dimension)
            throw new ArgumentException($"id {id}: its vector has {vector.Length} numbers, {_settings.Dimension} are expected");
        double square = 0;
        foreach (float x in vector)
            square += (double)x * x;
        if (!(square is 0 or (> 0.99 and < 1.01)))
            throw new ArgumentException($"id {id}: its vector has length {Math.Sqrt(square)}, 1 is expected");
        if (_ids.Count == int.MaxValue)
            throw new ArgumentException($"an index holds at most {int.MaxValue} vectors");
        _ids.Add(Encoding.UTF8.GetBytes(id));
        _file.Write(MemoryMarshal.AsBytes(vector));
        if (_payloads is null)
            return;
        _payloads.Write(payload);
        _payloadEnds.Add(_payloads.Position);
    }

    /// <summary>Writes what follows the vectors and puts the file in place.</summary>
    public void Finish()
    {
        byte[] settings = Encoding.UTF8.GetBytes(_settings.ToJson());
        IndexHeader header = new()
        {
            Format = _payloads is null ? 1 : 2,
            Dimension = _settings.Dimension,
            Count = _ids.Count,
            Seed = _settings.Seed,
            Keys = _settings.Keys,
            SettingsHash = _settings.Hash(),
            IdsLength = _ids.Sum(id => (long)id.Length),
            SettingsLength = settings.Length,
            PayloadsLength = _payloads?.Position ?? 0,
        };
        float[] scales = WriteCodes(header);
        WriteAt(header.Scales, MemoryMarshal.AsBytes<float>(scales));
        WriteIds(header);
        WriteAt(header.SettingsJson, settings);
        if (_payloads is not null)
        {
            WriteAt(header.PayloadEnds, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_payloadEnds)));
            _payloads.Position = 0;
            _file.Position = header.Payloads;
            _payloads.CopyTo(_file);
            _file.SetLength(header.FileLength); // where there is nothing at its end
        }
        WriteAt(0, header.ToBytes());
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_aside, _path, overwrite: true);
    }

    public void Dispose()
    {
        _file.Dispose();
        _payloads?.Dispose();
        File.Delete(_aside);
    }

    private float[] WriteCodes(IndexHeader header)
    {
        const int Rows = 1024;
        int d = header.Dimension;
        float[] vectors = new float[Rows * d], scales = new float[header.Count];
        sbyte[] codes = new sbyte[Rows * d];
        for (long first = 0; first < header.Count; first += Rows)
        {
            int rows = (int)Math.Min(Rows, header.Count - first);
            _file.Position = header.Vectors + first * d * 4;
            _file.ReadExactly(MemoryMarshal.AsBytes(vectors.AsSpan(0, rows * d)));
            for (int row = 0; row < rows; row++)
                scales[first + row] = Quantise(vectors.AsSpan(row * d, d), codes.AsSpan(row * d, d));
            WriteAt(header.Codes + first * d, MemoryMarshal.AsBytes(codes.AsSpan(0, rows * d)));
        }
        return scales;
    }

    /// <summary>vector ≈ scale · codes; returns the scale.</summary>
    internal static float Quantise(ReadOnlySpan<float> vector, Span<sbyte> codes)
    {
        float largest = 0;
        foreach (float x in vector)
            largest = Math.Max(largest, Math.Abs(x));
        float scale = largest / 127;
        for (int j = 0; j < vector.Length; j++)
            codes[j] = scale == 0 ? (sbyte)0 : (sbyte)MathF.Round(vector[j] / scale);
        return scale;
    }

    private void WriteIds(IndexHeader header)
    {
        ulong[] hashes = new ulong[_ids.Count];
        int[] rows = new int[_ids.Count];
        long[] ends = new long[_ids.Count];
        long end = 0;
        _file.Position = header.Ids;
        for (int row = 0; row < _ids.Count; row++)
        {
            hashes[row] = StableHash.Of(_ids[row], 0);
            rows[row] = row;
            ends[row] = end += _ids[row].Length;
            _file.Write(_ids[row]);
        }
        Array.Sort(hashes, rows);
        for (int i = 1; i < rows.Length; i++)
        {
            for (int j = i - 1; j >= 0 && hashes[j] == hashes[i]; j--)
            {
                if (_ids[rows[i]].AsSpan().SequenceEqual(_ids[rows[j]]))
                    throw new ArgumentException($"id {Encoding.UTF8.GetString(_ids[rows[i]])} occurs more than once, ids must differ");
            }
        }
        WriteAt(header.IdHashes, MemoryMarshal.AsBytes<ulong>(hashes));
        WriteAt(header.IdRows, MemoryMarshal.AsBytes<int>(rows));
        WriteAt(header.IdEnds, MemoryMarshal.AsBytes<long>(ends));
    }

    private void WriteAt(long offset, ReadOnlySpan<byte> bytes)
    {
        _file.Position = offset;
        _file.Write(bytes);
    }
}
