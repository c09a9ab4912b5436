using System.Text;
using Ranking.Models.Tables;

namespace Ranking.Models.Tests.Tables;

/// <summary>What an ID table is, with dictionaries and sorting at every step.</summary>
sealed class NaiveTable(IdTableSettings settings)
{
    readonly Dictionary<string, (long Seen, uint Count)> pending = [];
    readonly Dictionary<float[], float[]> gradients = [];
    readonly HashSet<string> held = [];
    readonly ulong seed = StableHash.Of("t", 7);
    long? nextSweep;

    public sealed record Entry(float[] Weights, float[] Sums)
    {
        public long Seen { get; set; }

        public uint Count { get; set; }
    }

    public Dictionary<string, Entry> Rows { get; } = [];

    public float[] Shared { get; } = new float[settings.Dim];

    float[] SharedSums { get; } = new float[settings.Dim];

    public void BeginBatch(long now)
    {
        gradients.Clear();
        held.Clear();
        if (settings.Ttl is not { } ttl) return;
        if (nextSweep is null || now >= nextSweep)
        {
            if (nextSweep is not null)
            {
                foreach (string id in Rows.Where(r => Expired(r.Value.Seen, now)).Select(r => r.Key).ToArray()) Rows.Remove(id);
                foreach (string id in pending.Where(r => Expired(r.Value.Seen, now)).Select(r => r.Key).ToArray()) pending.Remove(id);
            }
            nextSweep = now + (long)ttl.TotalMilliseconds / 8;
        }
    }

    public float[]? Resolve(string id, long time, Func<float[]> fresh)
    {
        if (Rows.TryGetValue(id, out Entry? known))
        {
            if (!Expired(known.Seen, time) || held.Contains(id))
            {
                known.Seen = Math.Max(known.Seen, time);
                known.Count++;
                held.Add(id);
                return known.Weights;
            }
            Rows.Remove(id);
        }
        if (settings.Admission > 1)
        {
            if (!pending.ContainsKey(id) && pending.Count >= settings.MaxRows)
                foreach (string gone in InOrder(pending.Select(p => (p.Key, p.Value.Seen, p.Value.Count))).Take(settings.MaxRows / 2 + 1).ToArray()) pending.Remove(gone);
            (long Seen, uint Count) so = pending.GetValueOrDefault(id, (time, 0u));
            if (Expired(so.Seen, time)) so.Count = 0;
            pending[id] = so = (Math.Max(so.Seen, time), so.Count + 1);
            if (so.Count < settings.Admission) return null;
            pending.Remove(id);
        }
        if (Rows.Count >= settings.MaxRows)
            foreach (string gone in InOrder(Rows.Where(r => !held.Contains(r.Key)).Select(r => (r.Key, r.Value.Seen, r.Value.Count))).Take(Math.Max(1, settings.MaxRows / 16)).ToArray()) Rows.Remove(gone);
        if (Rows.Count >= settings.MaxRows) return null;
        Rows[id] = new Entry(fresh(), new float[settings.Dim]) { Seen = time, Count = (uint)settings.Admission };
        held.Add(id);
        return Rows[id].Weights;
    }

    public float[] GradientOf(float[]? weights)
    {
        weights ??= Shared;
        if (!gradients.TryGetValue(weights, out float[]? gradient)) gradients.Add(weights, gradient = new float[settings.Dim]);
        return gradient;
    }

    public void Apply(float rate, float decay)
    {
        foreach ((float[] weights, float[] gradient) in gradients)
        {
            float[] sums = ReferenceEquals(weights, Shared) ? SharedSums : Rows.Values.First(r => ReferenceEquals(r.Weights, weights)).Sums;
            for (int i = 0; i < weights.Length; i++)
            {
                float g = gradient[i] + decay * weights[i];
                sums[i] += g * g;
                weights[i] -= rate * g / (MathF.Sqrt(sums[i]) + 1e-10f);
            }
        }
    }

    bool Expired(long seen, long now) => settings.Ttl is { } ttl && now - seen > (long)ttl.TotalMilliseconds;

    IEnumerable<string> InOrder(IEnumerable<(string Id, long Seen, uint Count)> all) => (settings.Eviction == RowEviction.Lru
        ? all.OrderBy(r => r.Seen).ThenBy(r => r.Count) : all.OrderBy(r => r.Count).ThenBy(r => r.Seen)).ThenBy(r => (uint)StableHash.Of(Encoding.UTF8.GetBytes(r.Id), seed)).Select(r => r.Id);
}
