using System.IO.MemoryMappedFiles;
using System.Text;

namespace Ranking.Mbat;

/// <summary>
/// Vectors and their ids in a memory-mapped file, searched exactly: every vector is compared with the query. Processes
/// share the file's pages; many threads may search at once.
/// </summary>
public sealed unsafe class VectorIndex : IDisposable
{
    private const int Block = 1024;
    private readonly IndexHeader _header;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _base;
    private int _disposed;

    private VectorIndex(IndexHeader header, string path)
    {
        _header = header;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, header.FileLength, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _base);
        Settings = MbatSettings.FromJson(new ReadOnlySpan<byte>(_base + header.SettingsJson, (int)header.SettingsLength));
    }

    /// <summary>Number of vectors.</summary>
    public int Count => (int)_header.Count;

    /// <summary>Length of a vector, D.</summary>
    public int Dimension => _header.Dimension;

    /// <summary>The settings that the vectors were encoded with: an encoder of them encodes queries.</summary>
    public MbatSettings Settings { get; }

    /// <summary><see cref="MbatSettings.Hash"/> of <see cref="Settings"/>.</summary>
    public string SettingsHash => _header.SettingsHash;

    /// <summary>Writes an index file from vectors of length 1 (or 0) with ids that differ; an old file is replaced when the new one is whole.</summary>
    /// <returns>The number of vectors.</returns>
    /// <exception cref="ArgumentException">A vector has the wrong dimension or length, or an id occurs twice.</exception>
    public static int Build(string path, MbatSettings settings, IEnumerable<(string Id, float[] Vector)> vectors)
    {
        using IndexBuilder builder = new(path, settings, withPayloads: false);
        int count = 0;
        foreach ((string id, float[] vector) in vectors)
        {
            builder.Add(id, vector);
            count++;
        }
        builder.Finish();
        return count;
    }

    /// <summary>The same with some bytes beside each vector, which <see cref="Payload"/> gives back.</summary>
    /// <returns>The number of vectors.</returns>
    /// <exception cref="ArgumentException">A vector has the wrong dimension or length, or an id occurs twice.</exception>
    public static int Build(string path, MbatSettings settings, IEnumerable<(string Id, float[] Vector, byte[] Payload)> vectors)
    {
        using IndexBuilder builder = new(path, settings, withPayloads: true);
        int count = 0;
        foreach ((string id, float[] vector, byte[] payload) in vectors)
        {
            builder.Add(id, vector, payload);
            count++;
        }
        builder.Finish();
        return count;
    }

    /// <summary>Opens an index file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expected">If given, the settings of the encoder that queries come from; others are refused.</param>
    /// <exception cref="InvalidDataException">No index, of another format, damaged, or made with other settings.</exception>
    public static VectorIndex Open(string path, MbatSettings? expected = null)
    {
        IndexHeader header = IndexHeader.Read(path);
        if (expected is not null && expected.Hash() != header.SettingsHash)
        {
            throw new InvalidDataException($"{path}: its vectors have dimension {header.Dimension}, seed {header.Seed}, keys {header.Keys}, settings {header.SettingsHash}; "
                + $"dimension {expected.Dimension}, seed {expected.Seed}, keys {expected.Keys}, settings {expected.Hash()} were asked for");
        }
        VectorIndex index = new(header, path);
        if (index.Settings.Hash() == header.SettingsHash)
            return index;
        index.Dispose();
        throw new InvalidDataException($"{path}: the hash of its settings is wrong, or it was made by another revision of the encoder; build it again");
    }

    /// <summary>The id of a row.</summary>
    public string Id(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
        long* ends = (long*)(_base + _header.IdEnds);
        long start = row == 0 ? 0 : ends[row - 1];
        return Encoding.UTF8.GetString(_base + _header.Ids + start, (int)(ends[row] - start));
    }

    /// <summary>The row of an id, or −1.</summary>
    public int Row(string id)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(id);
        ReadOnlySpan<ulong> hashes = new(_base + _header.IdHashes, Count);
        int* rows = (int*)(_base + _header.IdRows);
        ulong hash = StableHash.Of(utf8, 0);
        int at = hashes.BinarySearch(hash);
        while (at > 0 && hashes[at - 1] == hash)
            at--;
        for (; at >= 0 && at < Count && hashes[at] == hash; at++)
        {
            if (Id(rows[at]) == id)
                return rows[at];
        }
        return -1;
    }

    /// <summary>The D floats of a row, as long as the index is open.</summary>
    public ReadOnlySpan<float> Vector(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
        return new(Floats + (nint)row * Dimension, Dimension);
    }

    /// <summary>The bytes that lie beside a row's vector, as long as the index is open; empty where the file has none.</summary>
    public ReadOnlySpan<byte> Payload(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
        if (_header.Format == 1)
            return default;
        long* ends = (long*)(_base + _header.PayloadEnds);
        long start = row == 0 ? 0 : ends[row - 1];
        return new(_base + _header.Payloads + start, (int)(ends[row] - start));
    }

    /// <summary>The k nearest vectors, nearest first; of equal ones the one that came first.</summary>
    /// <param name="query">D floats of length 1.</param>
    /// <param name="k">How many, at least 1; fewer come back when the index holds fewer.</param>
    /// <param name="mode">In <see cref="SearchMode.Int8"/> a neighbour may be missed, similarities are exact all the same.</param>
    /// <param name="accept">Rows to consider; null for all.</param>
    public Neighbour[] Search(ReadOnlySpan<float> query, int k, SearchMode mode = SearchMode.Exact, Func<int, bool>? accept = null)
    {
        if (mode == SearchMode.Exact)
            return SearchBatch(query, k, accept)[0];
        CheckQueries(query, k);
        TopK best = Scan(query, (int)Math.Min(4L * k + 32, Count), accept);
        TopK exact = new(Math.Min(k, Count));
        foreach ((_, int row) in best.Sorted().OrderBy(entry => entry.Row))
        {
            float score;
            fixed (float* q = query)
                DotProducts.One(Floats + (nint)row * Dimension, 1, Dimension, q, &score);
            exact.Offer(score, row);
        }
        return Named(exact);
    }

    /// <summary>The k nearest vectors of each of several queries, by one walk over the vectors.</summary>
    /// <param name="queries">n × D floats.</param>
    /// <param name="k">How many for each.</param>
    /// <param name="accept">Rows to consider; null for all.</param>
    public Neighbour[][] SearchBatch(ReadOnlySpan<float> queries, int k, Func<int, bool>? accept = null)
    {
        CheckQueries(queries, k);
        int d = Dimension, n = queries.Length / d;
        TopK[] best = new TopK[n];
        for (int q = 0; q < n; q++)
            best[q] = new TopK(Math.Min(k, Count));
        if (Count == 0)
            return [.. best.Select(Named)];
        float[] scores = new float[n * Block];
        fixed (float* first = queries, target = scores)
        {
            // Rows of a block stay in the cache while all queries pass over them.
            int block = n == 1 ? Block : Math.Max(4, Math.Min(Block, (64 << 10) / (4 * d)) & ~3);
            for (int row = 0; row < Count; row += block)
            {
                int rows = Math.Min(block, Count - row);
                float* vectors = Floats + (nint)row * d;
                int q = 0;
                for (; q + 4 <= n; q += 4)
                    DotProducts.Four(vectors, rows, d, first + (nint)q * d, target + q * Block, Block);
                for (; q < n; q++)
                    DotProducts.One(vectors, rows, d, first + (nint)q * d, target + q * Block);
                for (q = 0; q < n; q++)
                    Offer(best[q], scores.AsSpan(q * Block, rows), row, accept);
            }
        }
        return [.. best.Select(Named)];
    }

    /// <summary>Closes the file. No search may be running.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private float* Floats => (float*)(_base + _header.Vectors);

    private TopK Scan(ReadOnlySpan<float> query, int k, Func<int, bool>? accept)
    {
        TopK best = new(k);
        sbyte[] codes = new sbyte[Dimension];
        IndexBuilder.Quantise(query, codes);
        short[] wide = Array.ConvertAll(codes, code => (short)code);
        float[] scores = new float[Block];
        fixed (short* q = wide)
        {
            fixed (float* target = scores)
            {
                for (int row = 0; row < Count; row += Block)
                {
                    int rows = Math.Min(Block, Count - row);
                    DotProducts.Bytes((sbyte*)(_base + _header.Codes) + (nint)row * Dimension, (float*)(_base + _header.Scales) + row, rows, Dimension, q, target);
                    Offer(best, scores.AsSpan(0, rows), row, accept);
                }
            }
        }
        return best;
    }

    private static void Offer(TopK best, ReadOnlySpan<float> scores, int row, Func<int, bool>? accept)
    {
        int i = 0;
        while (i < scores.Length)
        {
            // Almost all of a long scan lies below the threshold.
            int next = IndexOfAbove(scores[i..], best.Threshold);
            if (next < 0)
                return;
            i += next;
            if (accept is null || accept(row + i))
                best.Offer(scores[i], row + i);
            i++;
        }
    }

    private static int IndexOfAbove(ReadOnlySpan<float> scores, float threshold)
    {
        int i = 0;
        System.Numerics.Vector<float> limit = new(threshold);
        for (; i + System.Numerics.Vector<float>.Count <= scores.Length; i += System.Numerics.Vector<float>.Count)
        {
            if (System.Numerics.Vector.GreaterThanAny(new System.Numerics.Vector<float>(scores[i..]), limit))
                break;
        }
        for (; i < scores.Length; i++)
        {
            if (scores[i] > threshold)
                return i;
        }
        return -1;
    }

    private Neighbour[] Named(TopK best) => Array.ConvertAll(best.Sorted(), entry => new Neighbour(Id(entry.Row), entry.Score));

    private void CheckQueries(ReadOnlySpan<float> queries, int k)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (queries.Length == 0 || queries.Length % Dimension != 0)
            throw new ArgumentException($"the query has {queries.Length} numbers, {Dimension} are expected");
        foreach (float x in queries)
        {
            if (!float.IsFinite(x))
                throw new ArgumentException($"the query holds {x}, finite numbers are expected");
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
    }
}
