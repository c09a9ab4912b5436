using CsCheck;
using MessagePack;
using Ranking.Features.Events;
using Ranking.Features.Joining;
using Ranking.Streams.Contracts;

namespace Ranking.Streams.Tests.Contracts;

public class TaskMessagesTests
{
    static readonly Gen<string> Id = Gen.String[1, 20];

    static readonly Gen<FieldValue> Value = Gen.OneOf(
        Gen.Const(FieldValue.Missing), Id.Select(FieldValue.Of), Gen.Double[-1e9, 1e9].Select(n => FieldValue.Of(n)), Id.Array[0, 4].Select(FieldValue.Of));

    static readonly Gen<OwnerEvent> Event = Gen.Select(Gen.Int[0, 9], Id, Gen.Long, Id, Gen.Long, Id, Gen.Select(Id, Id, Value.Array[0, 4]))
        .Select((owner, id, time, kind, amount, user, rest) => new OwnerEvent(owner, id, time, kind, amount, user, rest.Item1, rest.Item3, time % 2 == 0 ? null : rest.Item2));

    static readonly Gen<object[]> Records = Gen.OneOf(
        Event.Select(e => (object)e), Gen.Select(Gen.Int[0, 63], Gen.Long).Select((p, w) => (object)new SourceWatermark(p, w))).Array[0, 30];

    static byte[] FrameOf(object[] records)
    {
        var frame = new RecordFrame();
        foreach (object record in records)
        {
            if (record is OwnerEvent e) TaskMessages.Append(frame, e);
            else TaskMessages.Append(frame, (SourceWatermark)record);
        }
        return frame.Take();
    }

    [Fact]
    public void Records_of_a_message_come_back_in_their_order() => Records.Sample(records =>
    {
        object[] read = TaskMessages.DecodeCounts(FrameOf(records));
        Assert.Equal(records.Length, read.Length);
        for (int i = 0; i < read.Length; i++) Assert.Equal(Text(records[i]), Text(read[i]));
    });

    [Fact]
    public void A_frame_is_empty_once_its_message_was_taken()
    {
        var frame = new RecordFrame();
        TaskMessages.Append(frame, new OwnerAnswer(1, 2, "u", "r", "i", [3, 4]));
        frame.Take();
        Assert.Equal((0, 0), (frame.Count, frame.Bytes));
        TaskMessages.Append(frame, new OwnerAnswer(5, 6, "v", "s", "j", []));
        OwnerAnswer only = Assert.Single(TaskMessages.DecodeAnswers(frame.Take()));
        Assert.Equal(("v", 6), (only.User, only.TimeMs));
    }

    [Fact]
    public void A_message_cut_short_or_followed_by_less_than_it_says_is_refused_whole() => Records.Where(r => r.Length > 0).Sample(records =>
    {
        byte[] message = FrameOf(records);
        for (int cut = 0; cut < message.Length; cut += 1 + message.Length / 40)
            Assert.Throws<MessageFormatException>(() => TaskMessages.DecodeCounts(message.AsMemory(0, cut)));
    });

    [Fact]
    public void What_a_newer_writer_appends_to_a_record_is_skipped()
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        var w = new MessagePackWriter(buffer);
        w.WriteArrayHeader(3);
        w.Write(1);
        foreach (string user in (string[])["u", "v"])
        {
            w.WriteArrayHeader(7);
            w.Write(0);
            w.Write(1L);
            w.Write(user);
            w.Write("r");
            w.Write("i");
            w.Write(new byte[] { 9 });
            w.WriteArrayHeader(2);
            w.Write("of");
            w.Write("later");
        }
        w.Flush();
        Assert.Equal(["u", "v"], TaskMessages.DecodeAnswers(buffer.WrittenMemory).Select(a => a.User));
    }

    // Records compare arrays by reference, so by what they say.
    static string Text(object record) => record is OwnerEvent e
        ? $"{e with { Context = [] }} {string.Join('|', e.Context.Select(v => $"{v.Id}/{v.Number:R}/{(v.Ids is { } ids ? string.Join(',', ids) : "-")}"))}"
        : record.ToString()!;
}
