using System.Numerics.Tensors;
using System.Text;
using Ranking.Mbat;

namespace Ranking.Store.Vectors;

/// <summary>
/// Vectors and attributes of documents in a memory-mapped file, searched exactly and in this process: for whoever has no vector sets, and
/// for batch work. <see cref="Reload"/> takes a new file while searches run; the old one is closed when its last search has ended.
/// </summary>
public sealed class FileVectors : IVectorSearch, IDisposable
{
    readonly string _path;
    VectorSnapshot _current;

    /// <summary>Opens a file that <see cref="Build"/> wrote, or any index of vectors, which then meets no filter.</summary>
    /// <exception cref="InvalidDataException">No index, of a later format, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public FileVectors(string path) => (_path, _current) = (path, new VectorSnapshot(VectorIndex.Open(path)));

    /// <inheritdoc/>
    public int Dimension => Volatile.Read(ref _current).Index.Dimension;

    /// <summary>Writes a file; one that is there is replaced when the new one is whole.</summary>
    /// <returns>The number of documents.</returns>
    /// <exception cref="ArgumentException">A vector has another dimension, is zero or not finite, or an id comes twice.</exception>
    public static int Build(string path, MbatSettings settings, IEnumerable<VectorDocument> documents) =>
        VectorIndex.Build(path, settings, documents.Select(d => (d.Id, Unit(d.Vector.Span, settings.Dimension), Encoding.UTF8.GetBytes(d.Attributes))));

    /// <summary>Takes what the file holds now.</summary>
    /// <exception cref="InvalidDataException">It is none, or damaged: the old one stays.</exception>
    /// <exception cref="IOException">It cannot be read: the old one stays.</exception>
    public void Reload() => Interlocked.Exchange(ref _current, new VectorSnapshot(VectorIndex.Open(_path))).Leave();

    /// <inheritdoc/>
    public Task<string?> SettingsAsync() => Task.FromResult<string?>(With(s => s.Index.SettingsHash));

    /// <inheritdoc/>
    public Task<long> CountAsync() => Task.FromResult(With(s => (long)s.Index.Count));

    /// <inheritdoc/>
    public Task<float[]?> VectorAsync(string id) => Task.FromResult(With(s => s.Index.Row(id) is >= 0 and int row ? s.Index.Vector(row).ToArray() : null));

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
        return Task.Run(() => With(s =>
        {
            int row = s.Index.Row(id);
            if (row < 0) return null;
            return s.Index.Search(s.Index.Vector(row), Math.Min(k + 1, IVectorSearch.MaxNeighbours), accept: s.Accept(filter)).Where(n => n.Id != id).Take(k).ToArray();
        }));
    }

    /// <inheritdoc/>
    public Task<Neighbour[][]> SimilarBatchAsync(ReadOnlyMemory<float> vectors_ND, int k, VectorFilter? filter = null)
    {
        CheckK(k);
        int dimension = Dimension;
        if (vectors_ND.Length == 0 || vectors_ND.Length % dimension != 0)
            throw new ArgumentException($"the queries have {vectors_ND.Length} numbers, expected a multiple of {dimension}");
        float[] units_ND = new float[vectors_ND.Length];
        for (int at = 0; at < units_ND.Length; at += dimension) Unit(vectors_ND.Span.Slice(at, dimension), dimension).CopyTo(units_ND.AsSpan(at));
        return Task.Run(() => With(s => s.Index.SearchBatch(units_ND, k, s.Accept(filter))));
    }

    /// <inheritdoc/>
    public void Dispose() => Volatile.Read(ref _current).Leave();

    T With<T>(Func<VectorSnapshot, T> use)
    {
        VectorSnapshot snapshot;
        while (!(snapshot = Volatile.Read(ref _current)).TryEnter())
            ObjectDisposedException.ThrowIf(snapshot == Volatile.Read(ref _current), this); // replaced in between otherwise
        try
        {
            return use(snapshot);
        }
        finally
        {
            snapshot.Leave();
        }
    }

    static void CheckK(int k)
    {
        if (k is < 1 or > IVectorSearch.MaxNeighbours) throw new ArgumentOutOfRangeException(nameof(k), k, $"k: expected 1 to {IVectorSearch.MaxNeighbours}");
    }

    static float[] Unit(ReadOnlySpan<float> vector_D, int dimension)
    {
        if (vector_D.Length != dimension) throw new ArgumentException($"the vector has {vector_D.Length} numbers, expected {dimension}");
        float norm = TensorPrimitives.Norm(vector_D);
        if (!float.IsFinite(norm) || norm == 0) throw new ArgumentException($"the vector has length {norm}, expected finite numbers that are not all 0");
        float[] unit_D = new float[dimension];
        TensorPrimitives.Divide(vector_D, norm, unit_D);
        return unit_D;
    }
}
