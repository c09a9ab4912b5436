using Ranking.Store.Sink;

namespace Ranking.Store.Tests;

/// <summary>The topic <c>rows</c> in memory: offsets with holes as transactions leave them, compaction, and readers with positions.</summary>
sealed class MemoryLog(int partitions)
{
    readonly List<RowChange>[] _records = [.. Enumerable.Range(0, partitions).Select(_ => new List<RowChange>())];
    readonly long[] _ends = new long[partitions];

    public int Partitions => partitions;

    public void Append(string kind, string id, byte[]? value)
    {
        int p = KeyLayout.TagOf(id) % partitions;
        lock (_records)
        {
            _records[p].Add(new RowChange(kind, id, value, p, _ends[p]));
            _ends[p] += 1 + (_ends[p] % 7 == 0 ? 1 : 0); // a commit marker
        }
    }

    /// <summary>Keeps the last record of each key; with <paramref name="tombstones"/> false, not even that of a deleted one.</summary>
    public void Compact(bool tombstones)
    {
        lock (_records)
            foreach (List<RowChange> p in _records)
            {
                HashSet<RowChange> last = [.. p.GroupBy(r => (r.Kind, r.Id)).Select(g => g.Last())];
                p.RemoveAll(r => !last.Contains(r) || (!tombstones && r.Value is null));
            }
    }

    public Dictionary<(string, string), byte[]> LastRows()
    {
        Dictionary<(string, string), byte[]> rows = [];
        lock (_records)
            foreach (RowChange r in _records.SelectMany(p => p))
                if (r.Value is null) rows.Remove((r.Kind, r.Id));
                else rows[(r.Kind, r.Id)] = r.Value;
        return rows;
    }

    public long End(int partition)
    {
        lock (_records) return _ends[partition];
    }

    public Reader Read(params int[] held) => new(this, held.Length > 0 ? held : [.. Enumerable.Range(0, partitions)]);

    public sealed class Reader(MemoryLog log, int[] held) : ISinkSource<RowChange>
    {
        readonly long[] _positions = new long[log.Partitions];

        public int Partitions => log.Partitions;

        public IReadOnlyList<int> Held { get; set; } = held;

        public bool HasReached(PartitionBounds bounds) => _positions[bounds.Partition] >= bounds.End;

        public ValueTask<PartitionBounds> BoundsAsync(int partition, CancellationToken cancellation) =>
            ValueTask.FromResult(new PartitionBounds(partition, 0, log.End(partition)));

        public void Seek(int partition, long offset) => _positions[partition] = offset;

        public long Position(int partition) => _positions[partition];

        public async ValueTask ReadAsync(ICollection<RowChange> into, int max, TimeSpan wait, CancellationToken cancellation)
        {
            int before = into.Count;
            lock (log._records)
                foreach (int p in Held)
                {
                    int room = max - (into.Count - before);
                    if (room == 0) break;
                    RowChange[] next = [.. log._records[p].Where(r => r.Offset >= _positions[p]).Take(room)];
                    foreach (RowChange r in next) into.Add(r);
                    bool all = next.Length == 0 || next[^1] == log._records[p][^1];
                    _positions[p] = all ? Math.Max(_positions[p], log._ends[p]) : next[^1].Offset + 1;
                }
            if (into.Count == before) await Task.Delay(wait < TimeSpan.FromMilliseconds(5) ? wait : TimeSpan.FromMilliseconds(5), cancellation);
        }
    }
}
