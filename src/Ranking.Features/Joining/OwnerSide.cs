using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Partitioning;
using Ranking.Features.Rows;

namespace Ranking.Features.Joining;

/// <summary>
/// The owners' side of a task: counts what every source partition reports, and answers questions once no source partition can report
/// anything below their cut (streams.md, section 3).
/// </summary>
sealed class OwnerSide
{
    readonly FeatureBuilder builder;
    readonly int partitions;
    readonly ITaskOutput output;
    readonly long[] watermarks;
    readonly Entities?[] entities;
    readonly DocumentReader[] documents;
    readonly PriorityQueue<OwnerEvent, long> questions = new();
    readonly PackedWriter packed = new();

    public OwnerSide(FeatureBuilder builder, int partitions, ITaskOutput output, Func<string, IKeyedState<EntityState>> state)
    {
        (this.builder, this.partitions, this.output) = (builder, partitions, output);
        watermarks = [.. Enumerable.Repeat(long.MinValue, partitions)];
        entities = [.. builder.Plan.Owners.Select(o => o.Index == 0 ? null : new Entities(builder.Plan, o, state(o.Kind)))];
        documents = [.. builder.Plan.Owners.Select(o => new DocumentReader(o.Document, builder.Plan.Mbat))];
    }

    /// <summary>How many questions wait.</summary>
    public int WaitingCount => questions.Count;

    /// <summary>No source partition reports anything below this time any more.</summary>
    public long WatermarkMs { get; private set; } = long.MinValue;

    /// <summary>A document of an entity that lives here.</summary>
    public void Receive(EntityDocument document, OwnerPlan owner)
    {
        FieldValue[]? values = document.Json is null ? null : documents[owner.Index].Read(document.Json);
        entities[owner.Index]!.SetDocument(document, values, LeastCut);
    }

    /// <summary>Something that happened to an entity that lives here, and perhaps a question.</summary>
    public void Receive(OwnerEvent e)
    {
        OwnerPlan owner = builder.Plan.Owners[e.Owner];
        if (owner.Counts(e.Kind))
            entities[e.Owner]!.Touch(e.Id, e.TimeMs, LeastCut).Count(e.TimeMs, e.Kind, e.Amount, new KeyFields(e.User, e.Item, e.Context));
        if (e.RequestId is null) return;
        if (builder.CutOf(e.TimeMs) < WatermarkMs) Answer(e);
        else questions.Enqueue(e, e.TimeMs);
    }

    /// <summary>A source partition's watermark: first the waiting questions, then expiry.</summary>
    public void Receive(SourceWatermark watermark)
    {
        watermarks[watermark.Partition] = Math.Max(watermarks[watermark.Partition], watermark.WatermarkMs);
        long least = watermarks.Min();
        if (least <= WatermarkMs) return;
        WatermarkMs = least;
        while (questions.TryPeek(out OwnerEvent? question, out long timeMs) && builder.CutOf(timeMs) < WatermarkMs)
        {
            questions.Dequeue();
            Answer(question);
        }
        foreach (Entities? of in entities) of?.Expire(WatermarkMs);
    }

    /// <summary>Writes the rows that changed.</summary>
    public void FlushRows()
    {
        foreach (Entities? of in entities) of?.FlushRows(packed, output);
    }

    /// <summary>No question with an earlier cut can come or waits.</summary>
    long LeastCut => WatermarkMs == long.MinValue ? long.MinValue : WatermarkMs - builder.Plan.DelayMs - 1;

    void Answer(OwnerEvent question)
    {
        OwnerPlan owner = builder.Plan.Owners[question.Owner];
        var fields = new RequestFields(question.TimeMs, question.User, question.Item, null, question.Context);
        var draft = new FeatureDraft(builder.Plan);
        if (entities[question.Owner]!.Find(question.Id) is { } state) builder.AddOwner(draft, owner, state, fields, builder.CutOf(question.TimeMs));
        else builder.AddMissingOwner(draft, owner, fields);
        packed.Clear();
        draft.Write(packed, owner);
        output.Send(Murmur2.Partition(question.User, partitions),
            new OwnerAnswer(question.Owner, question.TimeMs, question.User, question.RequestId!, question.Item, packed.Written.ToArray()));
    }
}
