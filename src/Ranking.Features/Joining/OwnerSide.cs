using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining.State;
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
    readonly (long WatermarkMs, bool Idle)[] sources;
    readonly Entities?[] entities;
    readonly DocumentReader[] documents;
    readonly INumberedState<OwnerEvent> state;
    readonly PriorityQueue<(OwnerEvent Question, long Number), long> questions = new();
    readonly FeatureDraft draft; // of the question that is being answered
    readonly PackedWriter packed = new();
    readonly BucketPlan boundary;
    long next;

    public OwnerSide(FeatureBuilder builder, int partitions, ITaskOutput output, ITaskState stored)
    {
        (this.builder, this.partitions, this.output, state) = (builder, partitions, output, stored.Questions);
        boundary = new(builder.Plan.ShortestBucketMs, 0);
        draft = new(builder.Plan);
        sources = stored.Marks?.Sources ?? [.. Enumerable.Repeat((long.MinValue, false), partitions)];
        WatermarkMs = Least();
        entities = [.. builder.Plan.Owners.Select(o => o.Index == 0 ? null : new Entities(builder.Plan, o, stored.Entities(o), ExpiryMs, stored.Marks?.RowRound ?? 0))];
        documents = [.. builder.Plan.Owners.Select(o => new DocumentReader(o.Document, builder.Plan.Mbat))];
        foreach ((long number, OwnerEvent question) in state.All)
        {
            questions.Enqueue((question, number), question.TimeMs);
            next = number + 1;
        }
    }

    /// <summary>For each source partition the watermark that its task has published, and whether it is idle.</summary>
    public IReadOnlyList<(long WatermarkMs, bool Idle)> Sources => sources;

    /// <summary>Whether rows changed since they were written.</summary>
    public bool HasRows => Array.Exists(entities, of => of is { HasRows: true });

    /// <summary>How many questions wait.</summary>
    public int WaitingCount => questions.Count;

    /// <summary>No source partition reports anything below this time any more.</summary>
    public long WatermarkMs { get; private set; }

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
        else
        {
            state.Put(next, e);
            questions.Enqueue((e, next++), e.TimeMs);
        }
    }

    /// <summary>A source partition's watermark: first the waiting questions, then expiry.</summary>
    public void Receive(SourceWatermark watermark)
    {
        sources[watermark.Partition] = (Math.Max(sources[watermark.Partition].WatermarkMs, watermark.WatermarkMs), watermark.Idle);
        long least = Least();
        if (least <= WatermarkMs) return;
        WatermarkMs = least;
        while (questions.TryPeek(out (OwnerEvent Question, long Number) waiting, out long timeMs) && builder.CutOf(timeMs) < WatermarkMs)
        {
            questions.Dequeue();
            state.Remove(waiting.Number);
            Answer(waiting.Question);
        }
        foreach (Entities? of in entities) of?.Expire(ExpiryMs, output);
    }

    /// <summary>Writes the rows that changed.</summary>
    public void FlushRows()
    {
        foreach (Entities? of in entities) of?.FlushRows(packed, output);
    }

    /// <summary>No question with an earlier cut can come or waits.</summary>
    long LeastCut => WatermarkMs == long.MinValue ? long.MinValue : ExpiryMs - builder.Plan.DelayMs - 1;

    /// <summary>Whether a watermark within a bucket was published depends on the run; that the bucket's start was passed does not.</summary>
    long ExpiryMs => WatermarkMs == long.MinValue ? long.MinValue : boundary.IndexOf(WatermarkMs) * boundary.LengthMs;

    long Least()
    {
        long least = long.MaxValue;
        foreach ((long watermarkMs, _) in sources) least = Math.Min(least, watermarkMs);
        return least;
    }

    void Answer(OwnerEvent question)
    {
        OwnerPlan owner = builder.Plan.Owners[question.Owner];
        var fields = new RequestFields(question.TimeMs, question.User, question.Item, null, question.Context);
        if (entities[question.Owner]!.Find(question.Id) is { } state) builder.AddOwner(draft, owner, state, fields, builder.CutOf(question.TimeMs));
        else builder.AddMissingOwner(draft, owner, fields);
        packed.Clear();
        draft.Write(packed, owner);
        output.Send(Murmur2.Partition(question.User, partitions),
            new OwnerAnswer(question.Owner, question.TimeMs, question.User, question.RequestId!, question.Item, packed.Written.ToArray()));
    }
}
