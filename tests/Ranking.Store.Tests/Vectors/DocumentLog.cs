using System.Text;
using Ranking.Store.Sink;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

/// <summary>A topic of documents in memory, and what a vector set that was made from it has to hold.</summary>
sealed class DocumentLog(int partitions, long latenessMs = 1_000)
{
    readonly List<DocumentChange>[] _records = [.. Enumerable.Range(0, partitions).Select(_ => new List<DocumentChange>())];

    public TimeSpan Lateness => TimeSpan.FromMilliseconds(latenessMs);

    public void Append(string id, long timeMs, string? json)
    {
        int p = KeyLayout.TagOf(id) % partitions;
        lock (_records) _records[p].Add(new(id, timeMs, json is null ? null : Encoding.UTF8.GetBytes(json), p, _records[p].Count));
    }

    public void Heartbeat(long timeMs)
    {
        lock (_records) for (int p = 0; p < partitions; p++) _records[p].Add(new(null, timeMs, null, p, _records[p].Count));
    }

    /// <summary>Of each id the document of the latest time, of those that were not late on arrival; the naive way.</summary>
    public Dictionary<string, string> Last()
    {
        Dictionary<string, DocumentChange> last = [];
        lock (_records)
            foreach (List<DocumentChange> records in _records)
            {
                long greatest = long.MinValue;
                foreach (DocumentChange c in records)
                {
                    bool late = greatest != long.MinValue && c.TimeMs < greatest - latenessMs;
                    greatest = Math.Max(greatest, c.TimeMs);
                    if (c.Id is not null && !late && (!last.TryGetValue(c.Id, out DocumentChange? before) || c.TimeMs > before.TimeMs)) last[c.Id] = c;
                }
            }
        return last.Where(p => p.Value.Json is not null).ToDictionary(p => p.Key, p => Encoding.UTF8.GetString(p.Value.Json!));
    }

    public Reader Read() => new(this, partitions);

    public sealed class Reader(DocumentLog log, int partitions) : ISinkSource<DocumentChange>
    {
        readonly long[] _positions = new long[partitions];

        public int Partitions => partitions;

        public IReadOnlyList<int> Held { get; } = [.. Enumerable.Range(0, partitions)];

        public bool CaughtUp => Held.All(p => _positions[p] == End(p));

        public bool HasReached(PartitionBounds bounds) => _positions[bounds.Partition] >= bounds.End;

        public ValueTask<PartitionBounds> BoundsAsync(int partition, CancellationToken cancellation) => new(new PartitionBounds(partition, 0, End(partition)));

        public void Seek(int partition, long offset) => _positions[partition] = offset;

        public long Position(int partition) => _positions[partition];

        public async ValueTask ReadAsync(ICollection<DocumentChange> into, int max, TimeSpan wait, CancellationToken cancellation)
        {
            int before = into.Count;
            lock (log._records)
                foreach (int p in Held)
                    for (; _positions[p] < log._records[p].Count && into.Count - before < max; _positions[p]++) into.Add(log._records[p][(int)_positions[p]]);
            if (into.Count == before) await Task.Delay(wait < TimeSpan.FromMilliseconds(5) ? wait : TimeSpan.FromMilliseconds(5), cancellation);
        }

        long End(int partition)
        {
            lock (log._records) return log._records[partition].Count;
        }
    }
}
