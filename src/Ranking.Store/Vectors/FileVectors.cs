using System.Text;
using Ranking.Features.Errors;
using Ranking.Mbat;

namespace Ranking.Store.Vectors;

/// <summary>
/// Vectors and attributes of documents in a memory-mapped file, searched exactly and in this process: for whoever has no vector sets, and
/// for batch work. <see cref="Reload"/> takes a new file while searches run, also one of another encoder; the old one is closed when its
/// last search has ended.
/// </summary>
public sealed class FileVectors : IVectorSearch, IVectorHome, IDisposable
{
    readonly string _path;
    VectorSnapshot _current;

    /// <summary>Opens a file that <see cref="Build"/> wrote, or any index of vectors, which then meets no filter.</summary>
    /// <exception cref="InvalidDataException">No index, of a later format, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public FileVectors(string path) => (_path, _current) = (path, new VectorSnapshot(VectorIndex.Open(path)));

    /// <inheritdoc/>
    public int Dimension => Volatile.Read(ref _current).Dimension;

    /// <summary>Writes a file; one that is there is replaced when the new one is whole.</summary>
    /// <returns>The number of documents.</returns>
    /// <exception cref="ArgumentException">A vector has another dimension, is zero or not finite, or an id comes twice.</exception>
    public static int Build(string path, MbatSettings settings, IEnumerable<VectorDocument> documents) =>
        VectorIndex.Build(path, settings, documents.Select(d => (d.Id, VectorSnapshot.Unit(d.Vector.Span, settings.Dimension), Encoding.UTF8.GetBytes(d.Attributes))));

    /// <summary>Takes what the file holds now.</summary>
    /// <exception cref="InvalidDataException">It is none, or damaged: the old one stays.</exception>
    /// <exception cref="IOException">It cannot be read: the old one stays.</exception>
    public void Reload() => Interlocked.Exchange(ref _current, new VectorSnapshot(VectorIndex.Open(_path))).Leave();

    /// <inheritdoc/>
    public Task<T> SearchAsync<T>(Func<IVectorSearch, MbatEncoder, Task<T>> search) => WithAsync(s => search(s, s.Encoder));

    /// <inheritdoc/>
    public Task<T> SearchMadeByAsync<T>(MbatEncoder encoder, Func<IVectorSearch, Task<T>> search) => WithAsync(s => s.SettingsHash == encoder.SettingsHash
        ? search(s)
        : throw new RankingException(ErrorCodes.EncoderDiffers, $"the vectors in {_path} were made with encoder settings {s.SettingsHash}, there are none of {encoder.SettingsHash}"));

    /// <inheritdoc/>
    public Task<long> CountAsync() => WithAsync(s => s.CountAsync());

    /// <inheritdoc/>
    public Task<float[]?> VectorAsync(string id) => WithAsync(s => s.VectorAsync(id));

    /// <inheritdoc/>
    public Task<string[]> NearestAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter = null) => WithAsync(s => s.NearestAsync(vector_D, k, filter));

    /// <inheritdoc/>
    public Task<string[]?> NearestAsync(string id, int k, VectorFilter? filter = null) => WithAsync(s => s.NearestAsync(id, k, filter));

    /// <inheritdoc/>
    public Task<Neighbour[]> SimilarAsync(ReadOnlyMemory<float> vector_D, int k, VectorFilter? filter = null) => WithAsync(s => s.SimilarAsync(vector_D, k, filter));

    /// <inheritdoc/>
    public Task<Neighbour[]?> SimilarAsync(string id, int k, VectorFilter? filter = null) => WithAsync(s => s.SimilarAsync(id, k, filter));

    /// <inheritdoc/>
    public Task<Neighbour[][]> SimilarBatchAsync(ReadOnlyMemory<float> vectors_ND, int k, VectorFilter? filter = null) => WithAsync(s => s.SimilarBatchAsync(vectors_ND, k, filter));

    /// <inheritdoc/>
    public void Dispose() => Volatile.Read(ref _current).Leave();

    async Task<T> WithAsync<T>(Func<VectorSnapshot, Task<T>> use)
    {
        VectorSnapshot snapshot;
        while (!(snapshot = Volatile.Read(ref _current)).TryEnter())
            ObjectDisposedException.ThrowIf(snapshot == Volatile.Read(ref _current), this); // replaced in between otherwise
        try
        {
            return await use(snapshot);
        }
        finally
        {
            snapshot.Leave();
        }
    }
}
