using CsCheck;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Partitioning;
using Ranking.Streams.State;
using Ranking.Streams.Tests.Pipeline;

namespace Ranking.Streams.Tests.State;

/// <summary>Tasks that are thrown away at any moment and made again of their state's bytes go on as if nothing had happened.</summary>
public class RestoreTests
{
    [Fact]
    public void What_was_collected_is_all_that_a_task_needs() =>
        (from seed in Gen.Int[0, 1_000_000] from events in Gen.Int[1, 300] from partitions in Gen.Int[0, 2].Select(p => 1 << p) select (seed, events, partitions)).Sample(t =>
        {
            SourceEvent[] log = [.. SmallLog.Events(t.events, t.seed, served: true)];
            var run = new Run(t.partitions, new Random(t.seed));
            var beats = new Heartbeats(FeatureRunTimes.Of(Outcome.Builder.Plan));
            foreach (SourceEvent e in log)
            {
                if (beats.Before(e.TimeMs) is { } beat) run.Heartbeat(beat);
                run.Add(e);
            }
            run.Heartbeat(beats.AtEnd()!.Value);
            run.Finish();
            Outcome.Of(log).MustEqual(run.Outcome);
        }, iter: 100, threads: 1);

    sealed class Run
    {
        readonly int partitions;
        readonly Random random;
        readonly SortedDictionary<byte[], byte[]>[] kept;
        readonly PipelineTask[] tasks;
        readonly TaskStore[] stores;
        readonly Queue<Action>[] mail;
        readonly ExampleMerge merge;
        readonly StateMemory memory;
        readonly IReadOnlyList<string> topics = PipelineTask.TopicsOf(Outcome.Builder.Plan.Spec);

        public Run(int partitions, Random random)
        {
            (this.partitions, this.random) = (partitions, random);
            memory = new(random.Next(3) * 2_000); // none stays, some do
            kept = [.. Enumerable.Range(0, partitions).Select(_ => new SortedDictionary<byte[], byte[]>(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))))];
            mail = [.. Enumerable.Range(0, partitions).Select(_ => new Queue<Action>())];
            (tasks, stores, merge) = (new PipelineTask[partitions], new TaskStore[partitions], new(partitions));
            for (int p = 0; p < partitions; p++) Restart(p);
        }

        public Outcome Outcome { get; } = new();

        public void Add(SourceEvent e)
        {
            int p = Murmur2.Partition(e.Key, partitions);
            tasks[p].Receive(topics.Index().First(t => t.Item == LocalPipeline.TopicOf(e)).Index, e);
            if (random.Next(4) == 0) Deliver(1 + random.Next(20));
            if (random.Next(6) == 0) Commit(random.Next(partitions));
        }

        public void Heartbeat(long timeMs)
        {
            foreach (PipelineTask task in tasks)
                for (int t = 0; t < topics.Count; t++) task.Heartbeat(t, timeMs);
        }

        public void Finish()
        {
            do Deliver(int.MaxValue);
            while (mail.Any(m => m.Count > 0));
            foreach (PipelineTask task in tasks) task.FlushRows();
            while (merge.TryTake(out Example? example, out _, out _)) Outcome.Examples.Add(example!);
        }

        void Deliver(int most)
        {
            foreach (PipelineTask task in tasks) task.Advance();
            foreach (Queue<Action> of in mail) for (int n = 0; n < most && of.TryDequeue(out Action? deliver); n++) deliver();
            foreach (PipelineTask task in tasks) task.Advance();
        }

        /// <summary>Keeps what changed, as a commit does, perhaps writes rows before, and perhaps loses the task after.</summary>
        void Commit(int p)
        {
            if (random.Next(3) == 0) tasks[p].FlushRows();
            foreach ((byte[] key, byte[]? value) in stores[p].Collect(tasks[p].Marks, [0]))
            {
                if (value is null) kept[p].Remove(key);
                else kept[p][key] = value;
            }
            if (random.Next(2) == 0) memory.Trim();
            if (random.Next(2) == 0) Restart(p);
        }

        void Restart(int p)
        {
            stores[p]?.Dispose();
            stores[p] = new TaskStore(Outcome.Builder.Plan, "hash-of-the-features", new Kept(kept[p]), memory);
            tasks[p] = new PipelineTask(Outcome.Builder, p, partitions, new Output(this, p), state: stores[p]);
        }

        sealed class Kept(SortedDictionary<byte[], byte[]> all) : IStateReader
        {
            public byte[]? Get(byte[] key) => all.GetValueOrDefault(key);

            public IEnumerable<StateChange> Rooms(byte from, byte to) => all.Where(k => k.Key[0] >= from && k.Key[0] < to).Select(k => new StateChange(k.Key, k.Value));
        }

        sealed class Output(Run run, int own) : ITaskOutput
        {
            public void Send(int partition, OwnerEvent ownerEvent) => run.mail[partition].Enqueue(() => run.tasks[partition].Receive(ownerEvent));

            public void Send(int partition, OwnerAnswer answer) => run.mail[partition].Enqueue(() => run.tasks[partition].Receive(answer));

            public void Send(SourceWatermark watermark)
            {
                for (int p = 0; p < run.partitions; p++)
                {
                    int to = p;
                    run.mail[p].Enqueue(() => run.tasks[to].Receive(watermark));
                }
            }

            public void Emit(Example example) => run.merge.Add(own, example);

            public void EmitWatermark(long timeMs) => run.merge.SetWatermark(own, timeMs);

            public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row) => run.Outcome.EmitRow(owner, id, row, deleted: false);

            public void DeleteRow(OwnerPlan owner, string id, long watermarkMs) => run.Outcome.EmitRow(owner, id, [], deleted: true);

            public void Compared(int rows, int staler) { }

            public void Reject(SourceEvent sourceEvent, Rejection why, string detail) => run.Outcome.Reject(sourceEvent, why, detail);
        }
    }
}
