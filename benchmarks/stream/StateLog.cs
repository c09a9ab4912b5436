using System.Globalization;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Partitioning;
using Ranking.Streams.State;
using Ranking.Streams.Topics;

/// <summary>
/// Writes the changelog of a pipeline that knows many items, by the pipeline's own tasks and stores: each was shown three times, days
/// apart and on two tabs, and clicked once. All rows are written, nothing waits.
/// </summary>
sealed class StateLog(FeatureBuilder builder, KafkaSettings kafka, int partitions)
{
    const int Chunk = 20_000;
    const long Begin = 1_600_000_000_000, Day = 86_400_000;

    public async Task<int> Write(int keys)
    {
        await ProblemTopics.EnsureAsync(kafka, builder.Plan.Spec, partitions);
        using var writer = new TopicWriter(kafka);
        OwnerPlan owner = builder.Plan.Owner("item")!;
        var memory = new StateMemory(0);
        var nowhere = new Nowhere();
        TaskStore[] stores = [.. Enumerable.Range(0, partitions).Select(_ => new TaskStore(builder.Plan, builder.Plan.Spec.FeatureHash, nowhere, memory))];
        PipelineTask[] tasks = [.. stores.Select((store, p) => new PipelineTask(builder, p, partitions, nowhere, state: store))];
        long bytes = 0;
        for (int i = 0; i < keys; i++)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"item-{i}");
            PipelineTask task = tasks[Murmur2.Partition(id, partitions)];
            for (int shown = 0; shown < 3; shown++)
            {
                long time = Begin + i % 1_000 * 60_000L + shown * Day;
                FieldValue[] context = owner.ContextFor([FieldValue.Of($"tab{shown % 2}"), FieldValue.Of("app")]);
                task.Receive(new OwnerEvent(owner.Index, id, time, "impression", Feedback.One, "u", id, context, null));
                if (shown == 1) task.Receive(new OwnerEvent(owner.Index, id, time + 5_000, "click", Feedback.One, "u", id, context, null));
            }
            if ((i + 1) % Chunk == 0 || i + 1 == keys) Commit();
        }
        writer.Flush();
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{keys} keys, {bytes / 1_000_000} MB of changelog, {bytes / keys} bytes a key"));
        return 0;

        void Commit()
        {
            for (int p = 0; p < partitions; p++)
            {
                tasks[p].FlushRows();
                foreach ((byte[] key, byte[]? value) in stores[p].Collect(tasks[p].Marks, new long[PipelineTask.TopicsOf(builder.Plan.Spec).Count + 2]))
                {
                    writer.Write(TopicNames.State, p, key, value);
                    bytes += key.Length + (value?.Length ?? 0);
                }
            }
            memory.Trim(); // nobody comes back to them
        }
    }

    sealed class Nowhere : IStateReader, ITaskOutput
    {
        public byte[]? Get(byte[] key) => null;
        public IEnumerable<StateChange> Rooms(byte from, byte to) => [];
        public void Send(int partition, OwnerEvent ownerEvent) { }
        public void Send(int partition, OwnerAnswer answer) { }
        public void Send(SourceWatermark watermark) { }
        public void Emit(Example example) { }
        public void EmitWatermark(long timeMs) { }
        public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row) { }
        public void DeleteRow(OwnerPlan owner, string id, long watermarkMs) { }
        public void Compared(int rows, int staler) { }
        public void Reject(SourceEvent sourceEvent, Rejection why, string detail) { }
    }
}
