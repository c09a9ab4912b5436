using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;

namespace Ranking.Features.Rows;

public sealed partial class EntityState
{
    /// <summary>Writes all that is known, as a task's state keeps it: more than the row, which holds only what serving can ask for.</summary>
    public void WriteState(PackedWriter writer)
    {
        writer.Int(RowRound);
        writer.Int(LastEventMs);
        writer.UInt((ulong)documents.Count);
        foreach ((long timeMs, FieldValue[]? values) in documents)
        {
            writer.Int(LastEventMs - timeMs);
            writer.Byte(values is null ? (byte)0 : (byte)1);
            foreach (FieldValue value in values ?? []) writer.Value(value);
        }
        writer.UInt((ulong)counts.Count);
        foreach (((int key, string crossed), KeyCounts of) in counts)
        {
            writer.UInt((ulong)key);
            writer.Text(crossed);
            of.WriteState(writer);
        }
        foreach (RecentEvents of in recent)
        {
            writer.UInt((ulong)of.Count);
            for (int i = 0; i < of.Count; i++)
            {
                writer.Int(LastEventMs - of[i].TimeMs);
                writer.Text(of[i].Id);
            }
        }
        silences?.WriteState(writer);
    }

    /// <summary>Reads what <see cref="WriteState"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of another spec.</exception>
    public static EntityState ReadState(ref PackedReader reader, FeaturePlan plan, OwnerPlan owner) => Read(ref reader, plan, owner, whole: true);

    /// <summary>
    /// Reads of what <see cref="WriteState"/> wrote only what says when something is due of the entity: its times, documents and silences.
    /// A restart looks at every entity that there is.
    /// </summary>
    /// <exception cref="InvalidDataException">It is damaged, or of another spec.</exception>
    public static EntityState ReadDue(ref PackedReader reader, FeaturePlan plan, OwnerPlan owner) => Read(ref reader, plan, owner, whole: false);

    static EntityState Read(ref PackedReader reader, FeaturePlan plan, OwnerPlan owner, bool whole)
    {
        var state = new EntityState(plan, owner) { RowRound = reader.Int(), LastEventMs = reader.Int() };
        for (int n = reader.Count(); n > 0; n--)
        {
            long timeMs = state.LastEventMs - reader.Int();
            FieldValue[]? values = reader.Byte() == 0 ? null : new FieldValue[owner.Document.Length];
            for (int i = 0; i < values?.Length; i++) values[i] = reader.Value();
            state.documents.Add((timeMs, values));
        }
        if (!whole && state.silences is null) return state; // the rest is counts and recent events
        for (int n = reader.Count(); n > 0; n--)
        {
            int key = (int)reader.UInt();
            if (key >= owner.Keys.Length) throw new InvalidDataException($"stored counts of key {key}; {owner.Kind} has {owner.Keys.Length}");
            if (whole) state.counts.Add((key, reader.Text() ?? ""), KeyCounts.ReadState(ref reader, owner.Keys[key]));
            else
            {
                reader.TextBytes();
                KeyCounts.SkipState(ref reader, owner.Keys[key]);
            }
        }
        foreach (RecentEvents of in state.recent)
        {
            for (int n = reader.Count(); n > 0; n--)
            {
                long timeMs = state.LastEventMs - reader.Int();
                if (whole) of.Restore(timeMs, reader.Text() ?? "");
                else reader.TextBytes();
            }
        }
        if (reader.Rest.Length > 0) state.silences?.ReadState(ref reader);
        else if (state.LastEventMs != long.MinValue) state.silences?.Add(state.LastEventMs, owner.TtlMs); // written before there were silences
        return state;
    }
}
