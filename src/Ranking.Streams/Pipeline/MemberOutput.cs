using System.Text;
using Confluent.Kafka;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Pipeline;

/// <summary>
/// What the tasks of a member say. What is for a task of the same member is handed over within the transaction that holds the state of
/// both; the rest becomes messages, those of counts and answers together in frames. On either way watermarks follow every count below them.
/// </summary>
sealed class MemberOutput(int partitions, IMessageWriter writer)
{
    readonly IMessageWriter writer = writer;
    const int FrameBytes = 65_536;

    readonly RecordFrame[] counts = [.. Enumerable.Range(0, partitions).Select(_ => new RecordFrame())], answers = [.. Enumerable.Range(0, partitions).Select(_ => new RecordFrame())];
    readonly PipelineTask?[] near = new PipelineTask?[partitions];
    readonly Queue<(int To, object Said)> mail = new();
    readonly bool[] changed = new bool[partitions];
    PipelineCounts written;

    /// <summary>What was written.</summary>
    public PipelineCounts Written => written;

    /// <summary>The output of one task.</summary>
    public ITaskOutput Of(int partition) => new TaskOutput(this, partition);

    /// <summary>
    /// From now on what is said to these tasks is handed over, not sent. Whoever said something to them before has to be heard first:
    /// nothing may be left in their topics that a task near them has sent.
    /// </summary>
    public void BringNear(IEnumerable<(int Partition, PipelineTask Task)> tasks)
    {
        foreach ((int partition, PipelineTask task) in tasks) near[partition] = task;
    }

    /// <summary>The tasks are another's now; what was not handed over is forgotten with their state.</summary>
    public void Part()
    {
        Array.Clear(near);
        Array.Clear(changed);
        mail.Clear();
    }

    /// <summary>Whether a task has said anything, or something was handed over to it: what it says and its state belong into one transaction.</summary>
    public bool HasChanged(int partition) => changed[partition];

    /// <summary>A task's state is part of the transaction.</summary>
    public void StateWritten(int partition) => changed[partition] = false;

    /// <summary>Hands over what the tasks said to one another, and what they answer.</summary>
    /// <returns>Whether there was anything: tasks may be able to go on.</returns>
    public bool HandOver()
    {
        if (mail.Count == 0) return false;
        while (mail.TryDequeue(out (int To, object Said) next))
        {
            PipelineTask to = near[next.To]!;
            changed[next.To] = true;
            switch (next.Said)
            {
                case OwnerEvent e: to.Receive(e); break;
                case OwnerAnswer answer: to.Receive(answer); break;
                case SourceWatermark watermark: to.Receive(watermark); break;
            }
        }
        return true;
    }

    /// <summary>Sends what the tasks said since the last time.</summary>
    public void SendFrames()
    {
        for (int p = 0; p < partitions; p++)
        {
            Send(TopicNames.Counts, p, counts[p]);
            Send(TopicNames.Answers, p, answers[p]);
        }
    }

    /// <summary>Writes a message that cannot be used to its dead-letter topic.</summary>
    public void Bury(string topic, int partition, long offset, byte[]? key, byte[]? value, string reason)
    {
        written.Dead++;
        writer.Write(TopicNames.Dead(topic), partition, key ?? [], DeadLetters.Encode(reason, offset, value ?? []));
    }

    bool Keeps(int partition, object said)
    {
        if (near[partition] is null) return false;
        mail.Enqueue((partition, said));
        return true;
    }

    void SendFull(string topic, int partition, RecordFrame frame)
    {
        if (frame.Bytes >= FrameBytes) Send(topic, partition, frame);
    }

    void Send(string topic, int partition, RecordFrame frame)
    {
        if (frame.Count == 0) return;
        writer.Write(topic, partition, [], frame.Take());
    }

    sealed class TaskOutput(MemberOutput member, int own) : ITaskOutput
    {
        public void Send(int partition, OwnerEvent ownerEvent)
        {
            member.changed[own] = true;
            if (member.Keeps(partition, ownerEvent)) return;
            TaskMessages.Append(member.counts[partition], ownerEvent);
            member.SendFull(TopicNames.Counts, partition, member.counts[partition]);
        }

        public void Send(int partition, OwnerAnswer answer)
        {
            member.changed[own] = true;
            if (member.Keeps(partition, answer)) return;
            TaskMessages.Append(member.answers[partition], answer);
            member.SendFull(TopicNames.Answers, partition, member.answers[partition]);
        }

        public void Send(SourceWatermark watermark)
        {
            member.changed[own] = true;
            for (int p = 0; p < member.counts.Length; p++)
                if (!member.Keeps(p, watermark)) TaskMessages.Append(member.counts[p], watermark);
        }

        public void Emit(Example example)
        {
            member.written.Examples++;
            if (example.Source == ExampleSource.Served) member.written.Served++;
            Write(TopicNames.Examples, Encoding.UTF8.GetBytes(example.User), ExampleMessages.Encode(example));
        }

        public void EmitWatermark(long timeMs) => Write(TopicNames.Examples, SourceMessages.HeartbeatKey, ExampleMessages.Watermark(timeMs));

        public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row)
        {
            member.written.Rows++;
            Write(TopicNames.Rows, RowMessages.Key(owner.Kind, id), RowMessages.Encode(row));
        }

        public void DeleteRow(OwnerPlan owner, string id, long watermarkMs)
        {
            member.written.Rows++;
            Write(TopicNames.Rows, RowMessages.Key(owner.Kind, id), null, RowMessages.Gone(watermarkMs));
        }

        public void Compared(int rows, int staler)
        {
            member.written.ServedRows += rows;
            member.written.StalerRows += staler;
        }

        public void Reject(SourceEvent sourceEvent, Rejection why, string detail)
        {
            string topic = LocalPipeline.TopicOf(sourceEvent);
            if (why == Rejection.Erased) return;
            if (why == Rejection.Copy) { member.written.Copies++; return; }
            if (why == Rejection.Late) member.written.Late++;
            else member.written.Dead++;
            Write(why == Rejection.Late ? TopicNames.Late(topic) : TopicNames.Dead(topic), Encoding.UTF8.GetBytes(sourceEvent.Key),
                DeadLetters.Encode($"{CodeOf(why).Code} {detail}", -1, SourceMessages.Encode(sourceEvent)));
        }

        void Write(string topic, byte[] key, byte[]? value, Headers? headers = null)
        {
            member.changed[own] = true;
            member.writer.Write(topic, own, key, value, headers);
        }
    }

    static Features.Errors.ErrorCode CodeOf(Rejection why) => why switch
    {
        Rejection.Late => ErrorCodes.Late,
        Rejection.Conflict => ErrorCodes.IdentityConflict,
        _ => ErrorCodes.RecordUnreadable,
    };
}
