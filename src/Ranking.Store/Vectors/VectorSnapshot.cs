using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Text;
using Ranking.Mbat;

namespace Ranking.Store.Vectors;

/// <summary>
/// One state of a file of vectors, kept open while somebody searches it, with the encoder that its settings say, and the rows that each
/// comparison of recent filters leaves: a bit a row, found by one walk over the attributes.
/// </summary>
sealed class VectorSnapshot(VectorIndex index) : IVectorSearch
{
    const int MostKept = 256; // of a million rows, 32 MB

    readonly ConcurrentDictionary<string, ulong[]> _kept = new(StringComparer.Ordinal);
    int _holders = 1; // its owner's

    readonly Lazy<MbatEncoder> _encoder = new(() => new MbatEncoder(index.Settings));

    public string SettingsHash => index.SettingsHash;

    /// <summary>The encoder that the vectors were made by.</summary>
    public MbatEncoder Encoder => _encoder.Value;

    /// <inheritdoc/>
    public int Dimension => index.Dimension;

    /// <summary>Begins to use it; false if it is closed.</summary>
    public bool TryEnter()
    {
        int now = Volatile.Read(ref _holders);
        while (now > 0)
        {
            int seen = Interlocked.CompareExchange(ref _holders, now + 1, now);
            if (seen == now) return true;
            now = seen;
        }
        return false;
    }

    /// <summary>Ends using it; the last one closes it.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _holders) == 0) index.Dispose();
    }

    /// <inheritdoc/>
    public Task<long> CountAsync() => Task.FromResult((long)index.Count);

    /// <inheritdoc/>
    public Task<float[]?> VectorAsync(string id) => Task.FromResult(index.Row(id) is >= 0 and int row ? index.Vector(row).ToArray() : null);

    /// <inheritdoc/>
    public async Task<string[]> NearestAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter = null) => [.. (await SimilarAsync(vector_D, k, filter)).Select(n => n.Id)];

    /// <inheritdoc/>
    public async Task<string[]?> NearestAsync(string id, int k, VectorFilter? filter = null) => await SimilarAsync(id, k, filter) is { } near ? [.. near.Select(n => n.Id)] : null;

    /// <inheritdoc/>
    public async Task<Neighbour[]> SimilarAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter = null) => (await SimilarBatchAsync(vector_D, k, filter))[0];

    /// <inheritdoc/>
    public Task<Neighbour[]?> SimilarAsync(string id, int k, VectorFilter? filter = null)
    {
        CheckK(k);
        return Task.Run(() =>
        {
            int row = index.Row(id);
            if (row < 0) return null;
            return index.Search(index.Vector(row), Math.Min(k + 1, IVectorSearch.MaxNeighbours), accept: Accept(filter)).Where(n => n.Id != id).Take(k).ToArray();
        });
    }

    /// <inheritdoc/>
    public Task<Neighbour[][]> SimilarBatchAsync(ReadOnlyMemory<float> vectors_ND, int k, VectorFilter? filter = null)
    {
        CheckK(k);
        int dimension = index.Dimension;
        if (vectors_ND.Length == 0 || vectors_ND.Length % dimension != 0)
            throw new ArgumentException($"the queries have {vectors_ND.Length} numbers, expected a multiple of {dimension}");
        float[] units_ND = new float[vectors_ND.Length];
        for (int at = 0; at < units_ND.Length; at += dimension) Unit(vectors_ND.Span.Slice(at, dimension), dimension).CopyTo(units_ND.AsSpan(at));
        return Task.Run(() => index.SearchBatch(units_ND, k, Accept(filter)));
    }

    /// <summary>A vector divided by its length.</summary>
    /// <exception cref="ArgumentException">Another dimension, zero or not finite.</exception>
    public static float[] Unit(ReadOnlySpan<float> vector_D, int dimension)
    {
        if (vector_D.Length != dimension) throw new ArgumentException($"the vector has {vector_D.Length} numbers, expected {dimension}");
        float norm = TensorPrimitives.Norm(vector_D);
        if (!float.IsFinite(norm) || norm == 0) throw new ArgumentException($"the vector has length {norm}, expected finite numbers that are not all 0");
        float[] unit_D = new float[dimension];
        TensorPrimitives.Divide(vector_D, norm, unit_D);
        return unit_D;
    }

    static void CheckK(int k)
    {
        if (k is < 1 or > IVectorSearch.MaxNeighbours) throw new ArgumentOutOfRangeException(nameof(k), k, $"k: expected 1 to {IVectorSearch.MaxNeighbours}");
    }

    Func<int, bool>? Accept(VectorFilter? filter)
    {
        if (filter is null) return null;
        ulong[] all = (ulong[])RowsOf(filter.Parts[0]).Clone();
        foreach (FilterPart part in filter.Parts.Skip(1)) TensorPrimitives.BitwiseAnd<ulong>(all, RowsOf(part), all);
        return row => (all[row >> 6] >> (row & 63) & 1) != 0;
    }

    ulong[] RowsOf(FilterPart part)
    {
        if (_kept.TryGetValue(part.ServerExpression, out ulong[]? rows)) return rows;
        rows = part switch
        {
            TagPart tags => Having(tags),
            NumberPart number => Having(number),
            _ => throw new InvalidOperationException($"{part.GetType().Name} is no comparison that is known here"),
        };
        if (_kept.Count >= MostKept) _kept.Clear();
        return _kept[part.ServerExpression] = rows;
    }

    // Tags and names of numbers are ASCII without quotes (DocumentAttributes), so that what is sought cannot stand inside another.
    ulong[] Having(TagPart part)
    {
        byte[][] tags = [.. part.Quoted.Select(Encoding.UTF8.GetBytes)];
        ulong[] rows = new ulong[(index.Count + 63) / 64];
        for (int row = 0; row < index.Count; row++)
        {
            ReadOnlySpan<byte> attributes = index.Payload(row);
            bool has = false;
            foreach (byte[] tag in tags) has |= attributes.IndexOf(tag) >= 0;
            if (has != part.Negated) rows[row >> 6] |= 1UL << (row & 63);
        }
        return rows;
    }

    ulong[] Having(NumberPart part)
    {
        byte[] name = Encoding.UTF8.GetBytes($"\"{part.Name}\":");
        ulong[] rows = new ulong[(index.Count + 63) / 64];
        for (int row = 0; row < index.Count; row++)
        {
            ReadOnlySpan<byte> attributes = index.Payload(row);
            int at = attributes.IndexOf(name);
            if (at >= 0 && Utf8Parser.TryParse(attributes[(at + name.Length)..], out double number, out _) && part.Holds(number)) rows[row >> 6] |= 1UL << (row & 63);
        }
        return rows;
    }
}
