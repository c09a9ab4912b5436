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
/// What the tasks of a member say, as messages. Records for one partition of counts or answers travel together in frames, so that
/// watermarks follow every count below them.
/// </summary>
sealed class MemberOutput(int partitions, IMessageWriter writer)
{
    const int FrameBytes = 65_536;

    readonly RecordFrame[] counts = [.. Enumerable.Range(0, partitions).Select(_ => new RecordFrame())], answers = [.. Enumerable.Range(0, partitions).Select(_ => new RecordFrame())];
    PipelineCounts written;

    /// <summary>What was written.</summary>
    public PipelineCounts Written => written;

    /// <summary>Records of counts and answers that were sent.</summary>
    public long RecordsSent { get; private set; }

    /// <summary>The output of one task.</summary>
    public ITaskOutput Of(int partition) => new TaskOutput(this, partition);

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

    void SendFull(string topic, int partition, RecordFrame frame)
    {
        if (frame.Bytes >= FrameBytes) Send(topic, partition, frame);
    }

    void Send(string topic, int partition, RecordFrame frame)
    {
        if (frame.Count == 0) return;
        RecordsSent += frame.Count;
        writer.Write(topic, partition, [], frame.Take());
    }

    sealed class TaskOutput(MemberOutput member, int own) : ITaskOutput
    {
        public void Send(int partition, OwnerEvent ownerEvent)
        {
            TaskMessages.Append(member.counts[partition], ownerEvent);
            member.SendFull(TopicNames.Counts, partition, member.counts[partition]);
        }

        public void Send(int partition, OwnerAnswer answer)
        {
            TaskMessages.Append(member.answers[partition], answer);
            member.SendFull(TopicNames.Answers, partition, member.answers[partition]);
        }

        public void Send(SourceWatermark watermark)
        {
            foreach (RecordFrame frame in member.counts) TaskMessages.Append(frame, watermark);
        }

        public void Emit(Example example)
        {
            member.written.Examples++;
            if (example.Source == ExampleSource.Served) member.written.Served++;
            member.Write(TopicNames.Examples, own, Encoding.UTF8.GetBytes(example.User), ExampleMessages.Encode(example));
        }

        public void EmitWatermark(long timeMs) => member.Write(TopicNames.Examples, own, SourceMessages.HeartbeatKey, ExampleMessages.Watermark(timeMs));

        public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row)
        {
            member.written.Rows++;
            member.Write(TopicNames.Rows, own, RowMessages.Key(owner.Kind, id), RowMessages.Encode(row.ToArray()));
        }

        public void DeleteRow(OwnerPlan owner, string id, long watermarkMs)
        {
            member.written.Rows++;
            member.Write(TopicNames.Rows, own, RowMessages.Key(owner.Kind, id), null, RowMessages.Gone(watermarkMs));
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
            member.Write(why == Rejection.Late ? TopicNames.Late(topic) : TopicNames.Dead(topic), own, Encoding.UTF8.GetBytes(sourceEvent.Key),
                DeadLetters.Encode($"{CodeOf(why).Code} {detail}", -1, SourceMessages.Encode(sourceEvent)));
        }
    }

    static Features.Errors.ErrorCode CodeOf(Rejection why) => why switch
    {
        Rejection.Late => ErrorCodes.Late,
        Rejection.Conflict => ErrorCodes.IdentityConflict,
        _ => ErrorCodes.RecordUnreadable,
    };

    void Write(string topic, int partition, byte[] key, byte[]? value, Headers? headers = null) => writer.Write(topic, partition, key, value, headers);
}
