using System.Buffers.Binary;
using Ranking.Features.Errors;
using RocksDbSharp;

namespace Ranking.Streams.State;

/// <summary>
/// A task's state on this machine's disk, for a restart that need not read the whole changelog. Each batch says which changelog offset
/// it contains; whatever is wrong with it, it is thrown away and restored.
/// </summary>
sealed class StateDatabase : IStateReader, IDisposable
{
    static readonly byte[] OwnKey = [255];
    static readonly TimeSpan Oldest = TimeSpan.FromDays(1);

    // One cache for all of a process; ids that are new are told from those that are not without reading.
    static readonly BlockBasedTableOptions Tables = new BlockBasedTableOptions().SetBlockCache(Cache.CreateLru(64 << 20)).SetFilterPolicy(BloomFilterPolicy.Create(10, false));

    readonly string folder;
    readonly Guid changelog;
    readonly TimeProvider clock;
    RocksDb database;

    /// <summary>Opens or creates it.</summary>
    /// <param name="folder">Where it lies.</param>
    /// <param name="changelog">Id of the changelog's topic: state of a topic that was deleted and made anew is another's.</param>
    /// <param name="clock">Tells how old it is.</param>
    /// <exception cref="RankingException">RNK2008: another process has it open.</exception>
    public StateDatabase(string folder, Guid changelog, TimeProvider? clock = null)
    {
        (this.folder, this.changelog, this.clock) = (folder, changelog, clock ?? TimeProvider.System);
        database = Open();
        if (!IsUsable()) Clear();
    }

    /// <summary>The next changelog offset that it does not contain.</summary>
    public long Offset { get; private set; }

    /// <summary>Applies changes in one batch.</summary>
    /// <param name="changes">The changes.</param>
    /// <param name="offset">The next changelog offset that is not among them.</param>
    public void Apply(IEnumerable<StateChange> changes, long offset)
    {
        using var batch = new WriteBatch();
        foreach ((byte[] key, byte[]? value) in changes)
        {
            if (value is null) batch.Delete(key);
            else batch.Put(key, value);
        }
        byte[] own = new byte[1 + 16 + 8 + 8];
        own[0] = StateKeys.Format;
        changelog.TryWriteBytes(own.AsSpan(1));
        BinaryPrimitives.WriteInt64LittleEndian(own.AsSpan(17), offset);
        BinaryPrimitives.WriteInt64LittleEndian(own.AsSpan(25), clock.GetUtcNow().ToUnixTimeSeconds());
        batch.Put(OwnKey, own);
        database.Write(batch);
        Offset = offset;
    }

    /// <inheritdoc/>
    public byte[]? Get(byte[] key) => database.Get(key);

    /// <inheritdoc/>
    /// <exception cref="RocksDbException">It is damaged.</exception>
    public IEnumerable<StateChange> Rooms(byte from, byte to)
    {
        using Iterator at = database.NewIterator();
        for (at.Seek([from]); at.Valid(); at.Next())
        {
            byte[] key = at.Key();
            if (key[0] >= to) yield break;
            yield return new(key, at.Value());
        }
        Native.Instance.rocksdb_iter_get_error(at.Handle); // an iterator ends at a damaged block as it does at the end
    }

    /// <summary>Throws everything away.</summary>
    public void Clear()
    {
        database.Dispose();
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        database = Open();
        Offset = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => database.Dispose();

    bool IsUsable()
    {
        if (database.Get(OwnKey) is not { Length: 33 } own || own[0] != StateKeys.Format || new Guid(own.AsSpan(1, 16)) != changelog) return false;
        // A deletion is forgotten by the compacted changelog some time after it: what missed it would keep the key for ever.
        if (clock.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64LittleEndian(own.AsSpan(25))) > Oldest) return false;
        Offset = BinaryPrimitives.ReadInt64LittleEndian(own.AsSpan(17));
        return true;
    }

    RocksDb Open()
    {
        Directory.CreateDirectory(folder);
        DbOptions options = new DbOptions().SetCreateIfMissing(true).SetWriteBufferSize(16 << 20).SetMaxBackgroundCompactions(1).SetKeepLogFileNum(2);
        options.SetBlockBasedTableFactory(Tables);
        try
        {
            return RocksDb.Open(options, folder);
        }
        catch (RocksDbException e) when (e.Message.Contains("While lock file", StringComparison.Ordinal) || e.Message.Contains("lock hold by", StringComparison.Ordinal))
        {
            throw new RankingException(ErrorCodes.StateInUse, $"{folder}: {e.Message}");
        }
        catch (RocksDbException)
        {
            // Damaged, half a copy, or deleted while it was opened.
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            Directory.CreateDirectory(folder);
            return RocksDb.Open(options, folder);
        }
    }
}
