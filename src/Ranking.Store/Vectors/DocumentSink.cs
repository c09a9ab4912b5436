using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ranking.Mbat;
using Ranking.Store.Sink;
using StackExchange.Redis;

namespace Ranking.Store.Vectors;

/// <summary>
/// Keeps one encoder's vector set of an entity kind equal to its topic of documents: encodes them, and writes vectors first and the offset after
/// them. Of an id the document of the latest event time counts, whatever the order of arrival; what comes later than the pipeline allows
/// is not used, as in the rows. Not for concurrent use.
/// </summary>
public sealed class DocumentSink : TaggedSink<DocumentChange>, IDisposable
{
    static readonly JsonDocumentOptions Json = new() { MaxDepth = 64 }; // as for rows

    readonly SemaphoreSlim _gate = new(1); // between documents and expiry, which come from two topics
    readonly MbatEncoder _encoder;
    readonly VectorStore _vectors;
    readonly VectorInventory _inventory;
    readonly long _latenessMs;
    long _written, _deleted, _late, _unreadable;

    /// <summary>A sink that holds no partitions yet.</summary>
    /// <param name="store">The server.</param>
    /// <param name="kind">Entity kind.</param>
    /// <param name="encoder">The spec's.</param>
    /// <param name="lateness">The spec's allowed lateness.</param>
    /// <param name="options">How it writes.</param>
    public DocumentSink(StoreConnection store, string kind, MbatEncoder encoder, TimeSpan lateness, SinkOptions? options = null)
        : base(store, b => store.Keys.VectorOffset(kind, encoder.SettingsHash, b), options ?? new SinkOptions { BatchSize = 200 }) // a VADD takes a millisecond
    {
        (_encoder, _latenessMs) = (encoder, (long)lateness.TotalMilliseconds);
        (_vectors, _inventory) = (new VectorStore(store, kind, encoder.SettingsHash, encoder.Dimension), new VectorInventory(store, kind, encoder.SettingsHash));
    }

    /// <summary>Vectors written.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Documents deleted.</summary>
    public long Deleted => Interlocked.Read(ref _deleted);

    /// <summary>Documents that came later than the lateness allows.</summary>
    public long Late => Interlocked.Read(ref _late);

    /// <summary>Documents that cannot be encoded.</summary>
    public long Unreadable => Interlocked.Read(ref _unreadable);

    private protected override async Task<IReadOnlyList<Rewind>> WriteAsync(IReadOnlyList<DocumentChange> batch)
    {
        Dictionary<int, Progress> moved = [];
        OrderedDictionary<string, List<DocumentChange>> changes = new(StringComparer.Ordinal);
        foreach (IGrouping<int, DocumentChange> partition in batch.GroupBy(c => c.Partition)) Sort([.. partition], moved, changes);
        List<Rewind> taken = await ClaimAsync(moved, changes);
        if (changes.Count > 0)
        {
            await _gate.WaitAsync();
            try
            {
                await ApplyAsync(changes);
            }
            finally
            {
                _gate.Release();
            }
        }
        Rewind?[] rewinds = await Task.WhenAll(moved.Where(m => m.Value.Touched)
            .Select(m => MoveAsync(m.Key, m.Value.Through, [], [], m.Value.GreatestMs)));
        foreach ((int b, Progress progress) in moved.Where(m => !m.Value.Touched)) Offsets[b]!.GreatestMs = progress.GreatestMs;
        return [.. taken, .. rewinds.OfType<Rewind>()];
    }

    // The first offset of a tag comes before its vectors: if there were none until after them, one could not tell that a flush came between.
    async Task<List<Rewind>> ClaimAsync(Dictionary<int, Progress> moved, OrderedDictionary<string, List<DocumentChange>> changes)
    {
        int[] first = [.. moved.Where(m => m.Value.Touched && Offsets[m.Key]!.Written is null).Select(m => m.Key)];
        Rewind?[] refused = await Task.WhenAll(first.Select(b => MoveAsync(b, Offsets[b]!.Applied, [], [])));
        List<Rewind> taken = [];
        for (int i = 0; i < first.Length; i++)
        {
            if (refused[i] is not { } rewind) continue;
            taken.Add(rewind);
            moved.Remove(first[i]);
            foreach (string id in changes.Keys.Where(id => KeyLayout.TagOf(id) == first[i]).ToArray()) changes.Remove(id);
        }
        return taken;
    }

    // What of a partition's records is new to each of its tags. A tag's clock counts all records of the partition, as the pipeline's does.
    void Sort(DocumentChange[] records, Dictionary<int, Progress> moved, OrderedDictionary<string, List<DocumentChange>> changes)
    {
        int[] tags = [.. records.Select(r => r.Id is null ? -1 : KeyLayout.TagOf(r.Id))];
        foreach (int b in Offsets.HeldOf(records[0].Partition))
        {
            TagState tag = Offsets[b]!;
            (long greatest, bool touched) = (tag.GreatestMs, false);
            for (int i = 0; i < records.Length; i++)
            {
                if (records[i].Offset <= tag.Applied || (tags[i] >= 0 && Offsets.PartitionOf(tags[i]) != records[i].Partition)) continue;
                bool late = greatest != long.MinValue && records[i].TimeMs < greatest - _latenessMs;
                greatest = Math.Max(greatest, records[i].TimeMs);
                if (tags[i] != b) continue;
                touched = true;
                if (late) _late++;
                else if (changes.TryGetValue(records[i].Id!, out List<DocumentChange>? of)) of.Add(records[i]);
                else changes.Add(records[i].Id!, [records[i]]);
            }
            moved[b] = new Progress(records[^1].Offset, greatest, touched);
        }
        for (int i = 0; i < records.Length; i++) if (tags[i] >= 0 && Offsets.PartitionOf(tags[i]) != records[i].Partition) Misplace();
    }

    async Task ApplyAsync(OrderedDictionary<string, List<DocumentChange>> changes)
    {
        DocumentStamp[] known = await _inventory.ReadAsync([.. changes.Keys]);
        List<(string, DocumentStamp)> kept = [], deleted = [];
        List<VectorDocument> put = [];
        List<string> removed = [];
        for (int i = 0; i < known.Length; i++)
        {
            (string id, List<DocumentChange> of) = changes.GetAt(i);
            DocumentStamp now = known[i];
            VectorDocument? vector = null;
            bool changed = false;
            foreach (DocumentChange change in of)
            {
                DocumentStamp stamp = DocumentStamp.Of(change.TimeMs, change.Json);
                if (!stamp.StandsAgainst(now) || (change.Json is { } json && !TryEncode(id, json, out vector))) continue;
                if (change.Json is null) vector = null;
                (now, changed) = (stamp, true);
            }
            See(id, now.Hash is not null);
            if (!changed) continue;
            (now.Hash is null ? deleted : kept).Add((id, now));
            if (vector is not null) put.Add(vector);
            else removed.Add(id);
        }
        // One connection keeps their order: nothing is in the set that the inventory does not know.
        await Task.WhenAll(_inventory.PutAsync(kept), _vectors.PutAsync(put), _vectors.RemoveAsync(removed), _inventory.DeleteAsync(deleted));
        Interlocked.Add(ref _written, put.Count);
        Interlocked.Add(ref _deleted, deleted.Count);
    }

    /// <summary>
    /// Deletes the vectors of entities that are gone, of those rows that are of this kind. A document from the watermark on is a new one
    /// and stays, whichever of the two topics was read first.
    /// </summary>
    internal Task ExpireAsync(IReadOnlyList<RowChange> gone)
    {
        Dictionary<string, long> at = [];
        foreach (RowChange row in gone) if (row.Kind == _vectors.Kind && row.GoneMs is { } watermarkMs) at[row.Id] = Math.Max(watermarkMs, at.GetValueOrDefault(row.Id, long.MinValue));
        return ExpireAsync(at);
    }

    /// <summary>Deletes the vectors of entities, where they are of documents before these times.</summary>
    internal async Task ExpireAsync(IReadOnlyDictionary<string, long> at)
    {
        if (at.Count == 0) return;
        await _gate.WaitAsync();
        try
        {
            string[] ids = [.. at.Keys];
            DocumentStamp[] known = await _inventory.ReadAsync(ids);
            (string Id, DocumentStamp)[] expired = [.. ids.Where((id, i) => known[i].TimeMs < at[id]).Select(id => (id, new DocumentStamp(at[id] - 1, null)))];
            await Task.WhenAll(_vectors.RemoveAsync([.. expired.Select(e => e.Id)]), _inventory.DeleteAsync(expired));
            Interlocked.Add(ref _deleted, expired.Length);
        }
        finally
        {
            _gate.Release();
        }
    }

    // False for what the pipeline refuses as well; a document without any leaf has no direction and no vector.
    bool TryEncode(string id, byte[] json, out VectorDocument? vector)
    {
        vector = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Json);
            float[] vector_D = new float[_encoder.Dimension];
            _encoder.Encode(json, vector_D);
            if (vector_D.AsSpan().ContainsAnyExcept(0f)) vector = new VectorDocument(id, vector_D, DocumentAttributes.Of(document.RootElement));
            return true;
        }
        catch (Exception e) when (e is JsonException or MbatFormatException)
        {
            _unreadable++;
            return false;
        }
    }

    private protected override async IAsyncEnumerable<(int Tag, RedisKey What)> UnseenAsync(IReadOnlyList<int> tags)
    {
        await foreach ((string id, _) in _inventory.AllAsync())
        {
            int b = KeyLayout.TagOf(id);
            if (tags.Contains(b) && !Offsets[b]!.Seen!.Contains(Hash(id))) yield return (b, id);
        }
    }

    private protected override async Task<Rewind?> DeleteAsync(int tag, long offset, IReadOnlyList<RedisKey> unseen)
    {
        if (unseen.Count > 0)
        {
            string[] ids = [.. unseen.Select(id => (string)id!)];
            await _vectors.RemoveAsync(ids);
            await _inventory.ForgetAsync(ids);
        }
        return await MoveAsync(tag, offset, [], []);
    }

    private protected override async Task TidyAsync(IReadOnlyList<int> tags)
    {
        long WatermarkOf(int b) => Offsets[b] is { GreatestMs: > long.MinValue and var greatest } && tags.Contains(b) ? greatest - _latenessMs : long.MinValue;
        await _inventory.ForgetDeletionsAsync(id => WatermarkOf(KeyLayout.TagOf(id)), tags.Max(WatermarkOf));
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    void See(string id, bool exists)
    {
        if (Offsets[KeyLayout.TagOf(id)]?.Seen is not { } seen) return;
        if (exists) seen.Add(Hash(id));
        else seen.Remove(Hash(id));
    }

    static ulong Hash(string id) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(id.AsSpan()));

    readonly record struct Progress(long Through, long GreatestMs, bool Touched);
}
