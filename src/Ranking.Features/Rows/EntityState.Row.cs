using Ranking.Features.Events;
using Ranking.Features.Partitioning;

namespace Ranking.Features.Rows;

public sealed partial class EntityState
{
    [ThreadStatic]
    static PackedWriter? scratch;

    /// <summary>Writes the row: a function of the entity's events alone, read back by <see cref="PackedRow"/>.</summary>
    public void WriteRow(PackedWriter writer)
    {
        long keepFromMs = KeepFrom(LastEventMs);
        writer.Byte(keepFromMs == long.MinValue ? Format : FormatSince);
        writer.Int(LastEventMs);
        // A cut before it needs what the row has not: of a silence, as long as it was not known to be one.
        if (keepFromMs != long.MinValue) writer.Int(LastEventMs - (IsDeletion(keepFromMs) ? keepFromMs : keepFromMs + owner.TtlMs));
        int first = documents.Count - 1;
        while (first > 0 && documents[first].TimeMs > LastEventMs - plan.DelayMs) first--;
        first = Math.Max(first, documents.FindIndex(d => d.TimeMs >= keepFromMs) is >= 0 and var kept ? kept : documents.Count);
        writer.UInt((ulong)(documents.Count - first));
        PackedWriter values = scratch ??= new();
        for (int i = documents.Count - 1; i >= first; i--)
        {
            writer.Int(LastEventMs - documents[i].TimeMs);
            writer.Byte(documents[i].Values is null ? (byte)0 : (byte)1);
            values.Clear();
            foreach (FieldValue value in documents[i].Values ?? []) values.Value(value);
            writer.Bytes(values.Written);
        }
        var keys = counts.Keys.ToList();
        keys.Sort((a, b) => a.Key != b.Key ? a.Key.CompareTo(b.Key) : Ids.Compare(a.Crossed, b.Crossed));
        writer.UInt((ulong)keys.Count);
        foreach ((int key, string crossed) in keys)
        {
            writer.UInt((ulong)key);
            writer.Text(crossed);
            values.Clear();
            counts[(key, crossed)].Write(values, owner.Keys[key], plan.DelayMs, keepFromMs);
            writer.Bytes(values.Written);
        }
        foreach (RecentEvents of in recent)
        {
            int from = of.Count;
            while (from > 0 && of[from - 1].TimeMs >= keepFromMs) from--;
            writer.UInt((ulong)(of.Count - from));
            for (int i = of.Count - 1; i >= from; i--)
            {
                writer.Int(LastEventMs - of[i].TimeMs);
                writer.Text(of[i].Id);
            }
        }
    }

    bool IsDeletion(long timeMs) => documents.Exists(d => d.Values is null && d.TimeMs == timeMs);
}
