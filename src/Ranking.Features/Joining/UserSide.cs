using System.Security.Cryptography;
using System.Text;
using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining.State;
using Ranking.Features.Partitioning;
using Ranking.Features.Rows;
using Ranking.Features.Spec;

namespace Ranking.Features.Joining;

/// <summary>
/// The user's side of a task: impressions wait for their label window, feedback joins them, foreign owners are asked, and examples
/// come out in order (streams.md, section 3). Events reach it from the sorter, in order.
/// </summary>
sealed class UserSide
{
    readonly FeatureBuilder builder;
    readonly FeaturePlan plan;
    readonly int partitions;
    readonly ITaskOutput output;
    readonly long windowMs, freezeUserAtMs;
    readonly (string Kind, long WindowMs)[] labels;
    readonly INumberedState<WaitingImpression> state;
    readonly Queue<WaitingImpression> waiting = new();
    readonly Dictionary<string, List<WaitingImpression>> waitingOfUser = new(StringComparer.Ordinal);
    readonly Entities entities;
    readonly ServedItems served;
    readonly string featureHash;
    readonly DocumentReader documents;
    readonly OwnerPlan[] others; // all owners but the user
    readonly FeatureDraft draft; // the user's columns of the impression that is being received
    readonly PackedWriter packed = new();
    long next;

    public UserSide(FeatureBuilder builder, int partitions, ITaskOutput output, ITaskState stored, long freezeUserAtMs)
    {
        (this.builder, plan, this.partitions, this.output, this.freezeUserAtMs) = (builder, builder.Plan, partitions, output, freezeUserAtMs);
        windowMs = (long)plan.Spec.LabelWindow.TotalMilliseconds;
        labels = [.. plan.Spec.Labels.Values.Select(l => (l.Feedback, (long)l.Window.TotalMilliseconds))];
        others = [.. plan.Owners.Skip(1)];
        draft = new(plan);
        documents = new(plan.User.Document, plan.Mbat);
        served = new(stored.Served, windowMs);
        featureHash = plan.Spec.FeatureHash;
        state = stored.Waiting;
        EmittedMs = stored.Marks?.EmittedMs ?? long.MinValue;
        entities = new(plan, plan.User, stored.Entities(plan.User), stored.Marks?.WatermarkMs ?? long.MinValue, stored.Marks?.RowRound ?? 0);
        foreach ((long number, WaitingImpression wait) in state.All)
        {
            Enqueue(wait);
            next = number + 1;
        }
    }

    /// <summary>The watermark of examples that was emitted last.</summary>
    public long EmittedMs { get; private set; }

    /// <summary>Whether rows changed since they were written.</summary>
    public bool HasRows => entities.HasRows;

    /// <summary>Whether the first impression that waits could go out but for answers of its owners.</summary>
    /// <param name="watermarkMs">No event below this will come.</param>
    public bool AwaitsAnswers(long watermarkMs) => waiting.TryPeek(out WaitingImpression? wait) && wait.Unanswered > 0 && IsClosed(wait, watermarkMs);

    /// <summary>How many impressions wait.</summary>
    public int WaitingCount => waiting.Count;

    /// <summary>A document of the user.</summary>
    public void Receive(EntityDocument document)
    {
        if (document.TimeMs >= freezeUserAtMs) return;
        FieldValue[]? values = document.Json is null ? null : documents.Read(document.Json);
        entities.SetDocument(document, values, builder.CutOf(document.TimeMs));
    }

    /// <summary>An impression: counted, its questions asked, and from now on waiting.</summary>
    public void Receive(Impression impression)
    {
        RequestFields fields = RequestFields.Of(impression);
        long cutMs = Math.Min(builder.CutOf(impression.TimeMs), freezeUserAtMs);
        if (entities.Find(impression.User) is { } known) builder.AddOwner(draft, plan.User, known, fields, cutMs);
        else builder.AddMissingOwner(draft, plan.User, fields);
        packed.Clear();
        draft.Write(packed, plan.User);

        var wait = new WaitingImpression(next++, impression, new byte[plan.Owners.Length][], new float[labels.Length]);
        wait.Owners[0] = packed.Written.ToArray();
        wait.Served = served.Find(impression);
        Enqueue(wait);
        state.Put(wait.Number, wait);

        CountOwn(impression.TimeMs, "impression", Feedback.One, fields.Keys);
        foreach (OwnerPlan owner in others)
        {
            if (owner.Columns.Length == 0 && !owner.Counts("impression")) continue;
            if (fields.Keys.Of(owner.Field) is not { } id) continue;
            bool asks = owner.Columns.Length > 0;
            if (asks) wait.Unanswered++;
            output.Send(Murmur2.Partition(id, partitions),
                new OwnerEvent(owner.Index, id, impression.TimeMs, "impression", Feedback.One, impression.User, impression.Item, owner.ContextFor(impression.Context), asks ? impression.RequestId : null));
        }
    }

    /// <summary>What was served: kept for its impression where it is of the same features and lacked nothing.</summary>
    /// <exception cref="InvalidDataException">Its features cannot be read.</exception>
    public void Receive(Served record)
    {
        bool same = record.FeatureHash == featureHash, usable = same && record.Degraded.Length == 0;
        JoinMetrics.Used(usable ? "usable" : same ? "degraded" : "other_features");
        if (!usable) return;
        FeatureVector.Read(record.Features, plan.Layout);
        served.Add(record);
        if (!waitingOfUser.TryGetValue(record.User, out List<WaitingImpression>? of)) return;
        foreach (WaitingImpression wait in of)
        {
            if (wait.Served is not null || !served.Fits(record, wait.Impression)) continue;
            wait.Served = record;
            state.Put(wait.Number, wait);
        }
    }

    /// <summary>Feedback: labels the impression that it joins, and counts.</summary>
    public void Receive(Feedback feedback)
    {
        WaitingImpression? joined = Join(feedback);
        JoinMetrics.Joined(feedback.Kind, joined is not null);
        for (int l = 0; joined is not null && l < labels.Length; l++)
        {
            if (labels[l].Kind != feedback.Kind || feedback.TimeMs >= joined.Impression.TimeMs + labels[l].WindowMs || joined.Labels[l] == 1) continue;
            joined.Labels[l] = 1;
            state.Put(joined.Number, joined);
        }
        // Without its impression's context it counts only in keys made of its own fields.
        var fields = new KeyFields(feedback.User, feedback.Item, joined?.Impression.Context ?? []);
        CountOwn(feedback.TimeMs, feedback.Kind, feedback.Value, fields);
        foreach (OwnerPlan owner in others)
        {
            if (!owner.Counts(feedback.Kind) || fields.Of(owner.Field) is not { } id) continue;
            output.Send(Murmur2.Partition(id, partitions),
                new OwnerEvent(owner.Index, id, feedback.TimeMs, feedback.Kind, feedback.Value, feedback.User, feedback.Item, owner.ContextFor(fields.Context), null));
        }
    }

    /// <summary>An owner's answer.</summary>
    public void Receive(OwnerAnswer answer)
    {
        if (!waitingOfUser.TryGetValue(answer.User, out List<WaitingImpression>? of)) return; // answered already
        foreach (WaitingImpression wait in of)
        {
            Impression i = wait.Impression;
            if (i.TimeMs != answer.TimeMs || i.RequestId != answer.RequestId || i.Item != answer.Item || wait.Owners[answer.Owner] is not null) continue;
            wait.Owners[answer.Owner] = answer.Features;
            wait.Unanswered--;
            state.Put(wait.Number, wait);
            return;
        }
    }

    /// <summary>Emits the examples whose window is closed and whose answers are there, up to the first that is not.</summary>
    /// <param name="watermarkMs">No event below this will come.</param>
    public void Advance(long watermarkMs)
    {
        while (waiting.TryPeek(out WaitingImpression? wait) && wait.Unanswered == 0 && IsClosed(wait, watermarkMs))
        {
            waiting.Dequeue();
            state.Remove(wait.Number);
            List<WaitingImpression> of = waitingOfUser[wait.Impression.User];
            of.Remove(wait);
            if (of.Count == 0) waitingOfUser.Remove(wait.Impression.User);
            if (Keep(wait)) output.Emit(Build(wait));
        }
        served.Expire(watermarkMs);
        long least = waiting.TryPeek(out WaitingImpression? head) ? head.Impression.TimeMs : watermarkMs;
        if (least <= EmittedMs) return;
        EmittedMs = least;
        output.EmitWatermark(least);
    }

    /// <summary>Forgets all that is known of a user; impressions since a time go on waiting.</summary>
    public void Erase(Erasure erasure)
    {
        served.Erase(erasure.User, erasure.BeforeMs);
        entities.Erase(erasure.User, output);
        if (!waitingOfUser.Remove(erasure.User)) return;
        WaitingImpression[] all = [.. waiting];
        waiting.Clear();
        waitingOfUser.Clear();
        foreach (WaitingImpression wait in all)
        {
            if (wait.Impression.User == erasure.User && wait.Impression.TimeMs < erasure.BeforeMs) state.Remove(wait.Number);
            else Enqueue(wait);
        }
    }

    /// <summary>Forgets users whose time to live has passed.</summary>
    public void Expire(long watermarkMs) => entities.Expire(watermarkMs, output);

    /// <summary>Writes the rows that changed.</summary>
    public void FlushRows() => entities.FlushRows(packed, output);

    /// <summary>Whether feedback comes too late, or for nothing shown, is decided here: it joins only what still waits.</summary>
    WaitingImpression? Join(Feedback feedback)
    {
        if (!waitingOfUser.TryGetValue(feedback.User, out List<WaitingImpression>? of)) return null;
        for (int i = of.Count - 1; i >= 0; i--) // newest first
        {
            Impression impression = of[i].Impression;
            if (impression.Item != feedback.Item || impression.TimeMs > feedback.TimeMs) continue;
            if (feedback.RequestId is not null && feedback.RequestId != impression.RequestId) continue;
            return feedback.TimeMs < impression.TimeMs + windowMs ? of[i] : null;
        }
        return null;
    }

    /// <summary>Whether nothing can label an impression any more.</summary>
    bool IsClosed(WaitingImpression wait, long watermarkMs) => watermarkMs >= wait.Impression.TimeMs + windowMs;

    void Enqueue(WaitingImpression wait)
    {
        waiting.Enqueue(wait);
        if (!waitingOfUser.TryGetValue(wait.Impression.User, out List<WaitingImpression>? of)) waitingOfUser.Add(wait.Impression.User, of = []);
        of.Add(wait);
    }

    void CountOwn(long timeMs, string kind, long amount, in KeyFields fields)
    {
        bool remembers = plan.Remembers(kind);
        if (timeMs >= freezeUserAtMs || (!remembers && !plan.User.Counts(kind))) return;
        EntityState state = entities.Touch(fields.User!, timeMs, builder.CutOf(timeMs));
        state.Count(timeMs, kind, amount, fields);
        if (remembers) state.Remember(timeMs, kind, fields);
    }

    Example Build(WaitingImpression wait)
    {
        Impression impression = wait.Impression;
        RequestFields fields = RequestFields.Of(impression);
        var whole = new FeatureDraft(plan);
        builder.AddRequest(whole, fields);
        foreach (OwnerPlan owner in plan.Owners)
        {
            if (owner.Columns.Length == 0) continue;
            if (wait.Owners[owner.Index] is not { } answer) { builder.AddMissingOwner(whole, owner, fields); continue; }
            var reader = new PackedReader(answer);
            whole.Read(ref reader, owner);
        }
        FeatureVector features = whole.Build();
        if (wait.Served is not null) features = Served(wait, features);
        return new(impression.TimeMs, impression.RequestId, impression.User, impression.Item, ListKeys.Of(plan.Spec, fields, impression.RequestId), features, wait.Labels,
            wait.Served is null ? ExampleSource.Backfilled : ExampleSource.Served);
    }

    /// <summary>The features that were served, but for those that only training knows; how often rows were staler than the delay is counted.</summary>
    FeatureVector Served(WaitingImpression wait, FeatureVector backfilled)
    {
        FeatureVector scored = FeatureVector.Read(wait.Served!.Features, plan.Layout);
        // A request is made a moment before its item is shown: times since are not those of one row then.
        bool atOnce = wait.Served.TimeMs == wait.Impression.TimeMs;
        (int rows, int staler) = (0, 0);
        foreach (OwnerPlan owner in plan.Owners)
        {
            if (owner.Columns.Length == 0 || wait.Owners[owner.Index] is null) continue;
            bool same = owner.Columns.All(c => (!atOnce && c.Spec is SinceFeatureSpec) || scored.SameColumn(backfilled, c.Column));
            JoinMetrics.Compared(owner.Kind, same);
            rows++;
            if (!same) staler++;
        }
        output.Compared(rows, staler);
        var merged = new FeatureDraft(plan);
        foreach (FeatureColumn column in plan.Layout.Columns) merged.Copy(plan.Spec.Features[column.Feature].TrainingOnly ? backfilled : scored, column);
        return merged.Build();
    }

    /// <summary>Examples without any label are kept at the spec's rate, chosen by a hash of seed and identity: the same ones every time.</summary>
    bool Keep(WaitingImpression wait)
    {
        double keep = plan.Spec.Negatives.Keep;
        if (keep >= 1 || wait.Labels.AsSpan().IndexOf(1f) >= 0) return true;
        Impression i = wait.Impression;
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{plan.Spec.Training.Seed}\n{i.TimeMs}\n{i.User}\n{i.RequestId}\n{i.Item}"));
        return (BitConverter.ToUInt64(hash) >> 11) * (1.0 / (1UL << 53)) < keep;
    }
}
