using StackExchange.Redis;

namespace Ranking.Store.Sink;

/// <summary>
/// Which tags a sink holds, how far each is applied, and what its offset key holds. The rule that everything rests on: a tag is written
/// only while its offset key holds what this sink wrote or saw last; whatever else is found there (nothing after a flush, another sink's
/// offset) is where the tag goes on from.
/// </summary>
sealed class TagOffsets(StoreConnection store, Func<int, RedisKey> offsetKey, TimeSpan oldest, TimeProvider clock)
{
    readonly TagState?[] _tags = new TagState?[KeyLayout.Tags];
    readonly Dictionary<int, PartitionBounds> _bounds = [];
    int _partitions = 1;

    public TagState? this[int tag] => _tags[tag];

    public RedisKey Key(int tag) => offsetKey(tag);

    public int PartitionOf(int tag) => tag % _partitions;

    public IEnumerable<int> Held => Enumerable.Range(0, KeyLayout.Tags).Where(b => _tags[b] is not null);

    public IEnumerable<int> HeldOf(int partition) => Held.Where(b => PartitionOf(b) == partition);

    /// <summary>
    /// A new offset to write for a tag, stamped with now, or with 0 while the tag is not swept: whoever finds that at its start begins at
    /// the beginning.
    /// </summary>
    public string Stamp(int b, long offset, long greatestMs)
    {
        TagState tag = _tags[b]!;
        long seconds = tag.Seen is not null || tag.Unswept ? 0 : clock.GetUtcNow().ToUnixTimeSeconds();
        return new StoredOffset(offset, _partitions, seconds, greatestMs).ToString();
    }

    /// <summary>Takes partitions over; returns where to read each from.</summary>
    public async Task<IReadOnlyList<Rewind>> AssignAsync(int partitions, IReadOnlyList<PartitionBounds> held)
    {
        if (partitions is < 1 or > KeyLayout.Tags || KeyLayout.Tags % partitions != 0)
            throw new ArgumentOutOfRangeException(nameof(partitions), partitions, $"partitions: expected a power of two up to {KeyLayout.Tags}");
        _partitions = partitions;
        _bounds.Clear();
        foreach (PartitionBounds b in held) _bounds[b.Partition] = b;
        for (int b = 0; b < KeyLayout.Tags; b++) _tags[b] = _bounds.ContainsKey(PartitionOf(b)) ? new TagState() : null;
        await LookAsync();
        return [.. _bounds.Values.Select(p => new Rewind(p.Partition, HeldOf(p.Partition).Min(b => From(b))))];
    }

    /// <summary>Reads all offset keys; returns where tags have to be read from whose key holds something else than this sink wrote.</summary>
    public async Task<IReadOnlyList<Rewind>> LookAsync()
    {
        int[] held = [.. Held];
        RedisValue[] found = await Task.WhenAll(held.Select(b => store.Database.StringGetAsync(offsetKey(b))));
        List<Rewind> rewinds = [];
        for (int i = 0; i < held.Length; i++)
        {
            TagState tag = _tags[held[i]]!;
            if (tag.Fresh || tag.Sent is not null || tag.Written != (string?)found[i]) rewinds.Add(Adopt(held[i], found[i]));
        }
        return rewinds;
    }

    /// <summary>Goes on from what the offset key holds.</summary>
    public Rewind Adopt(int b, string? found)
    {
        TagState tag = _tags[b]!;
        PartitionBounds bounds = _bounds[PartitionOf(b)];
        (bool fresh, string? sent, string? before) = (tag.Fresh, tag.Sent, tag.Written);
        (tag.Fresh, tag.Sent, tag.Written) = (false, null, found);
        bool parsed = StoredOffset.TryParse(found, out StoredOffset stored) && stored.Partitions == _partitions;
        TimeSpan age = clock.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(stored.UnixSeconds);

        if (sent is not null && found == sent) (tag.Applied, tag.GreatestMs) = (Math.Max(tag.Applied, stored.Offset), stored.GreatestMs); // it did arrive
        else if (sent is not null && found is not null && found == before) { } // it never did
        else if (!parsed || (fresh && stored.Offset >= bounds.End) || (age >= oldest && (fresh || stored.UnixSeconds != 0)))
            Restart(b);
        else (tag.Applied, tag.GreatestMs, tag.Seen, tag.Unswept) = (stored.Offset, stored.GreatestMs, null, stored.UnixSeconds == 0);
        tag.At = clock.GetUtcNow();
        return new Rewind(PartitionOf(b), From(b));
    }

    /// <summary>Reads a tag from the beginning and remembers what the log has.</summary>
    public Rewind Restart(int b)
    {
        TagState tag = _tags[b]!;
        (tag.Applied, tag.GreatestMs, tag.Seen, tag.Unswept, tag.SweepAt) = (-1, long.MinValue, [], false, _bounds[PartitionOf(b)].End);
        return new Rewind(PartitionOf(b), From(b));
    }

    /// <summary>Notes that a tag was written.</summary>
    public void Wrote(int b, string value, long offset, long greatestMs)
    {
        TagState tag = _tags[b]!;
        (tag.Written, tag.Applied, tag.GreatestMs, tag.At, tag.Sent) = (value, Math.Max(offset, tag.Applied), greatestMs, clock.GetUtcNow(), null);
    }

    long From(int b) => Math.Max(_tags[b]!.Applied + 1, _bounds[PartitionOf(b)].Begin);
}
