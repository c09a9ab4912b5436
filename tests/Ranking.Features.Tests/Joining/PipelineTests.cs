using System.Text;
using CsCheck;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Rows;
using Ranking.Features.Spec;

namespace Ranking.Features.Tests.Joining;

public class PipelineTests
{
    static readonly FeatureBuilder Builder = new(new FeaturePlan(SmallProblem.Spec));

    /// <summary>Entities that are never forgotten, soon, and at once.</summary>
    static readonly FeatureBuilder[] Three = [Builder, new(new FeaturePlan(SmallProblem.Expiring(30, 20))), new(new FeaturePlan(SmallProblem.Expiring(5, 2)))];
    static readonly Gen<FeatureBuilder> Builders = Gen.Int[0, 2].Select(i => Three[i]);

    static readonly Gen<SourceEvent> Event =
        from time in Gen.Int[0, 400]
        from kind in Gen.Int[0, 10]
        from user in Gen.Int[0, 3]
        from item in Gen.Int[0, 2]
        from request in Gen.Int[0, 3]
        from tab in Gen.Int[0, 2]
        from value in Gen.Int[0, 3]
        select Make(time * 500L, kind, $"u{user}", $"i{item}", $"r{request}", tab, value);

    static SourceEvent Make(long time, int kind, string user, string item, string request, int tab, int value) => kind switch
    {
        < 4 => new Impression(time, request, user, item, value, [tab == 2 ? FieldValue.Missing : FieldValue.Of($"t{tab}"), value == 3 ? FieldValue.Missing : FieldValue.Of($"a{value}")]),
        < 7 => new Feedback(time, value == 0 ? null : request, user, item, "click"),
        7 => new Feedback(time, value == 0 ? null : request, user, item, "buy", value * Feedback.One / 2),
        8 => new EntityDocument(time, "user", user, value == 0 ? null : Encoding.UTF8.GetBytes($$"""{"age": {{value}}, "past": {"likes": {"a{{value}}": 0.{{tab}}5, "no": "text", "a1": {{tab}}, "a1": 1e-3 } } }""")),
        10 => SmallProblem.Served(time, request, user, item, $"m@{tab}", tab, usable: value != 0) with { Degraded = value == 3 ? ["stale_time"] : [] },
        _ => new EntityDocument(time, "item", item, value == 0 ? null : Encoding.UTF8.GetBytes($$"""{"genre": ["g{{value}}", {{tab}}, "x"], "tabs": {{(value == 1 ? "[1]" : """{"t1": true, "t0": 7, "": 3}""")}} }""")),
    };

    [Fact]
    public void Examples_are_those_of_the_definitions_whatever_partitions_order_and_copies()
    {
        (from log in Event.List[0, 120] from seed in Gen.UInt from partitions in Gen.Int[0, 2].Select(p => 1 << p) from builder in Builders select (log, seed, partitions, builder)).Sample(t =>
        {
            string[] expected = [.. new NaivePipeline(t.log, t.builder.Plan.Spec).Examples()];
            Assert.Equal(expected, Run(t.builder, t.log.OrderBy(e => e, Order), 1, inOrder: true).Examples.Select(NaivePipeline.Text));
            // Arrival: disordered by less than the lateness, and every fifth event twice.
            var random = new Random((int)t.seed);
            List<SourceEvent> arrival = [.. t.log.Concat(t.log.Where((_, i) => i % 5 == 0)).OrderBy(e => e.TimeMs + random.Next(9_999))];
            Collected got = Run(t.builder, arrival, t.partitions, inOrder: false);
            Assert.Equal(expected, got.Examples.Select(NaivePipeline.Text));
            Assert.DoesNotContain(got.Rejected, r => r.Why == Rejection.Late);
        }, iter: 1000, threads: 1);
    }

    [Fact]
    public void Rows_are_the_same_and_give_the_features_of_the_state()
    {
        (from log in Event.List[1, 120] from seed in Gen.UInt from request in Gen.Int[412, 440] from builder in Builders select (log, seed, request, builder)).Sample(t =>
        {
            Collected one = Run(t.builder, t.log.OrderBy(e => e, Order), 1, inOrder: true);
            var random = new Random((int)t.seed);
            Collected four = Run(t.builder, [.. t.log.OrderBy(e => e.TimeMs + random.Next(9_999))], 4, inOrder: false);
            Assert.Equal(one.Rows.OrderBy(r => r.Key, StringComparer.Ordinal), four.Rows.OrderBy(r => r.Key, StringComparer.Ordinal));

            // A later request reads its features from the rows; an impression at that time gets them from the state.
            long time = t.request * 500L;
            var ask = new Impression(time, "ask", "u1", "i1", null, [FieldValue.Of("t1"), FieldValue.Of("a1")]);
            Example asked = Run(t.builder, [.. t.log.OrderBy(e => e, Order), ask], 1, inOrder: true).Examples.Single(e => e.RequestId == "ask");
            var draft = new FeatureDraft(t.builder.Plan);
            RequestFields fields = RequestFields.Of(ask);
            t.builder.AddRequest(draft, fields);
            foreach (OwnerPlan owner in t.builder.Plan.Owners)
            {
                if (!one.Written.TryGetValue($"{owner.Kind}:{fields.Keys.Of(owner.Field)}", out string? row)) { t.builder.AddMissingOwner(draft, owner, fields); continue; }
                var packed = new PackedRow(t.builder.Plan, owner, Convert.FromHexString(row), indexed: t.seed % 2 == 0);
                Assert.True(t.builder.AddOwner(draft, owner, packed, fields, t.builder.CutOf(time)));
            }
            Assert.Equal(asked.Features, draft.Build());
        }, iter: 1000, threads: 1);
    }

    [Fact]
    public void Served_features_win_but_not_over_what_only_training_knows_and_rows_that_differ_are_counted()
    {
        RankingSpec spec = SmallProblem.Spec with { Features = new(SmallProblem.Spec.Features), Groups = new(SmallProblem.Spec.Groups) };
        spec.Features["place"] = new NumberFeatureSpec(new("context", "position"), TrainingOnly: true, Serving: "9");
        spec.Groups["place"] = new(["place"]);
        var builder = new FeatureBuilder(new FeaturePlan(spec));
        var shown = new Impression(100_000, "r", "u1", "i1", 2, [FieldValue.Of("t1"), FieldValue.Of("a1")]);
        Example backfilled = Run(builder, [shown], 1, inOrder: true).Examples.Single();
        Assert.Equal((ExampleSource.Backfilled, 2f), (backfilled.Source, backfilled.Features.Numbers[^1]));

        // As the ranker scored it: the constant for the place, and of the item another state.
        var scored = new FeatureVector([.. backfilled.Features.Numbers], backfilled.Features.Ids, backfilled.Features.IdOffsets);
        scored.Numbers[^1] = 9;
        FeatureColumn itemClick = builder.Plan.Layout.Columns.Single(c => c.Feature == "item_click");
        scored.Numbers[itemClick.Index] += 1;
        Collected got = Run(builder, [shown, SmallProblem.Served(99_900, "r", "u1", "i1", "m@1", scored, spec.FeatureHash)], 1, inOrder: false);
        Example served = got.Examples.Single();
        Assert.Equal(ExampleSource.Served, served.Source);
        scored.Numbers[^1] = 2;
        Assert.Equal(scored, served.Features);
        Assert.Empty(got.Rejected);

        var counted = new Counted();
        var task = new PipelineTask(builder, 0, 1, counted);
        counted.Task = task;
        for (int t = 0; t < task.Topics.Count; t++) task.Heartbeat(t, 100_000);
        task.Receive(0, shown);
        task.Receive(2, SmallProblem.Served(100_000, "r", "u1", "i1", "m@1", scored, spec.FeatureHash));
        for (int t = 0; t < task.Topics.Count; t++) task.Heartbeat(t, 300_000);
        for (int i = 0; i < 5; i++) counted.Deliver();
        Assert.Equal((3, 1), (counted.Rows, counted.Staler)); // user, item and author; the item differs
    }

    [Fact]
    public void Served_features_that_cannot_be_read_are_rejected_and_stop_nothing()
    {
        Served damaged = SmallProblem.Served(1000, "a", "u1", "i1", "m@1", 0, usable: true) with { Features = [7, 1, 2] };
        Collected got = Run(Builder, [new Impression(1000, "a", "u1", "i1", null, [FieldValue.Missing, FieldValue.Missing]), damaged], 1, inOrder: true);
        Assert.Equal(ExampleSource.Backfilled, Assert.Single(got.Examples).Source);
        Assert.Equal(Rejection.Unreadable, Assert.Single(got.Rejected).Why);
    }

    [Fact]
    public void An_erased_user_begins_at_nothing_and_nobody_else_notices()
    {
        (from log in Event.List[1, 120] from at in Gen.Int[0, 400] from builder in Builders select (log, at, builder)).Sample(t =>
        {
            long before = t.at * 500L;
            SourceEvent[] log = [.. t.log.OrderBy(e => e, Order)];
            bool IsOf(SourceEvent e) => e is not EntityDocument { Kind: "item" } && e.Key == "u1";
            // Erased at an instant at which the sorter, windows and questions hold something; one late event of theirs comes after it.
            var collected = new Collected();
            var pipeline = new LocalPipeline(t.builder, 1, collected);
            foreach (SourceEvent e in log.Where(e => e.TimeMs < before)) pipeline.AddInOrder(e);
            if (t.at % 2 == 0) pipeline.Heartbeat(before); // otherwise nearly all waits in the sorter
            pipeline.Advance();
            pipeline.FlushRows();
            int emitted = collected.Examples.Count;
            pipeline.Tasks[0].Erase(new("u1", before));
            Assert.False(collected.Rows.ContainsKey("user:u1"));
            pipeline.Add(new Impression(before - 1, "again", "u1", "i1", null, [FieldValue.Missing, FieldValue.Missing]));
            Finish(t.builder, pipeline, log.Where(e => e.TimeMs >= before));
            Assert.DoesNotContain(collected.Examples.Skip(emitted), e => e.User == "u1" && e.TimeMs < before);

            Collected without = new();
            Finish(t.builder, new LocalPipeline(t.builder, 1, without), log.Where(e => !IsOf(e) || e.TimeMs >= before));
            Assert.Equal(without.Rows.GetValueOrDefault("user:u1"), collected.Rows.GetValueOrDefault("user:u1"));
            Collected whole = new();
            Finish(t.builder, new LocalPipeline(t.builder, 1, whole), log);
            // What items counted of the user stays or not, by whether it had left the sorter; the examples of others are there with their labels.
            Assert.Equal(Others(whole), Others(collected));
            static IEnumerable<string> Others(Collected of) => of.Examples.Where(e => e.User != "u1").Select(e => $"{e.TimeMs} {e.User} {e.RequestId} {e.Item} {string.Join(' ', e.Labels)}");
            Assert.Contains((Rejection.Erased, "again"), collected.Rejected.Where(r => r.Event is Impression).Select(r => (r.Why, ((Impression)r.Event).RequestId)));
        }, iter: 500, threads: 1);
    }

    [Fact]
    public void An_event_later_than_the_lateness_is_rejected_and_stops_nothing()
    {
        Impression Shown(long time, string request) => new(time, request, "u1", "i1", null, [FieldValue.Missing, FieldValue.Missing]);
        Collected got = Run(Builder, [Shown(0, "a"), Shown(60_000, "b"), Shown(49_999, "late"), Shown(50_000, "in time")], 1, inOrder: false);
        Assert.Equal(["a", "in time", "b"], got.Examples.Select(e => e.RequestId));
        Assert.Equal([("late", Rejection.Late)], got.Rejected.Select(r => (((Impression)r.Event).RequestId, r.Why)));
    }

    [Fact]
    public void A_copy_is_dropped_and_another_content_is_a_conflict()
    {
        Impression Shown(int position) => new(1000, "a", "u1", "i1", position, [FieldValue.Missing, FieldValue.Missing]);
        Collected got = Run(Builder, [Shown(2), Shown(1), Shown(1)], 1, inOrder: false);
        Assert.Single(got.Examples);
        Assert.Equal([Rejection.Copy, Rejection.Conflict], got.Rejected.Select(r => r.Why));
    }

    [Fact]
    public void A_document_that_is_not_JSON_is_rejected_and_stops_nothing()
    {
        Collected got = Run(Builder, [new EntityDocument(0, "item", "i1", "{"u8.ToArray()), new Impression(10_000, "a", "u1", "i1", null, [FieldValue.Missing, FieldValue.Missing])], 1, inOrder: true);
        Assert.Single(got.Examples);
        Assert.Equal(Rejection.Unreadable, Assert.Single(got.Rejected).Why);
    }

    static readonly Comparer<SourceEvent> Order = Comparer<SourceEvent>.Create((a, b) => SourceEvent.Compare(a, b) is var c && c != 0 ? c : a.CompareContent(b));

    static Collected Run(FeatureBuilder builder, IEnumerable<SourceEvent> log, int partitions, bool inOrder)
    {
        var collected = new Collected();
        var pipeline = new LocalPipeline(builder, partitions, collected);
        long last = 0;
        foreach (SourceEvent e in log)
        {
            if (inOrder) pipeline.AddInOrder(e);
            else
            {
                pipeline.Add(e);
                // Producers of real topics say how late it is now and then; here every time the clock has moved by a second.
                if (e.TimeMs >= last + 1000) { last = e.TimeMs; pipeline.Heartbeat(last); pipeline.Advance(); }
            }
            last = Math.Max(last, e.TimeMs);
        }
        pipeline.Heartbeat(last + 10_001);
        pipeline.Advance();
        pipeline.FlushRows(); // as of the last event, and once more when all that is due was forgotten
        pipeline.Heartbeat(last + FeatureRunTimes.Of(builder.Plan).ClosingMs);
        pipeline.Close();
        pipeline.FlushRows();
        Assert.All(pipeline.Tasks, t => Assert.Equal(0, t.Waiting + t.Sorting));
        return collected;
    }

    static void Finish(FeatureBuilder builder, LocalPipeline pipeline, IEnumerable<SourceEvent> log)
    {
        foreach (SourceEvent e in log) pipeline.AddInOrder(e);
        pipeline.Heartbeat(200_000 + FeatureRunTimes.Of(builder.Plan).ClosingMs);
        pipeline.Close();
        pipeline.FlushRows();
    }

    sealed class Collected : ILocalOutput
    {
        public List<Example> Examples { get; } = [];

        public Dictionary<string, string> Rows { get; } = [];

        /// <summary>The last row that each key had, even if it was deleted since.</summary>
        public Dictionary<string, string> Written { get; } = [];

        public List<(SourceEvent Event, Rejection Why)> Rejected { get; } = [];

        public void Emit(Example example) => Examples.Add(example);

        public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row, bool deleted)
        {
            if (deleted) Rows.Remove($"{owner.Kind}:{id}");
            else Written[$"{owner.Kind}:{id}"] = Rows[$"{owner.Kind}:{id}"] = Convert.ToHexString(row);
        }

        public void Reject(SourceEvent sourceEvent, Rejection why, string detail) => Rejected.Add((sourceEvent, why));
    }

    /// <summary>One task alone: what it sends comes back to it.</summary>
    sealed class Counted : ITaskOutput
    {
        readonly Queue<Action> mail = new();

        public PipelineTask? Task { get; set; }

        public int Rows { get; private set; }

        public int Staler { get; private set; }

        public void Deliver()
        {
            Task!.Advance();
            while (mail.TryDequeue(out Action? deliver)) deliver();
        }

        public void Send(int partition, OwnerEvent ownerEvent) => mail.Enqueue(() => Task!.Receive(ownerEvent));

        public void Send(int partition, OwnerAnswer answer) => mail.Enqueue(() => Task!.Receive(answer));

        public void Send(SourceWatermark watermark) => mail.Enqueue(() => Task!.Receive(watermark));

        public void Compared(int rows, int staler) => (Rows, Staler) = (Rows + rows, Staler + staler);

        public void Emit(Example example) { }

        public void EmitWatermark(long timeMs) { }

        public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row) { }

        public void DeleteRow(OwnerPlan owner, string id, long watermarkMs) { }

        public void Reject(SourceEvent sourceEvent, Rejection why, string detail) => throw new InvalidOperationException(detail);
    }
}
