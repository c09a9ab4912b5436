using MessagePack;
using Ranking.Features.Examples;

namespace Ranking.Streams.Contracts;

/// <summary>What a message of topic examples holds: an example, or the watermark below which no other will come.</summary>
/// <param name="WatermarkMs">The least time that can still come; of an example, its time.</param>
/// <param name="Example">The example; null for a watermark.</param>
public readonly record struct ExampleMessage(long WatermarkMs, Example? Example);

/// <summary>Messages of topic examples.</summary>
public static class ExampleMessages
{
    /// <summary>A watermark.</summary>
    public static byte[] Watermark(long timeMs) => MessageCodec.Write(1, timeMs, static (ref MessagePackWriter w, long t) => w.Write(t));

    /// <summary>An example.</summary>
    public static byte[] Encode(Example example) => MessageCodec.Write(10, example, static (ref MessagePackWriter w, Example e) =>
    {
        w.Write(e.TimeMs);
        w.Write(e.RequestId);
        w.Write(e.User);
        w.Write(e.Item);
        w.Write(e.ListKey);
        w.Write((int)e.Source);
        w.WriteArrayHeader(e.Labels.Length);
        foreach (float label in e.Labels) w.Write(label);
        w.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(e.Features.Numbers.AsSpan()));
        w.WriteArrayHeader(e.Features.Ids.Length);
        foreach (string id in e.Features.Ids) w.Write(id);
        w.WriteArrayHeader(e.Features.IdOffsets.Length);
        foreach (int offset in e.Features.IdOffsets) w.Write(offset);
    });

    /// <summary>Reads a message of topic examples.</summary>
    /// <exception cref="MessageFormatException">It cannot be read, or does not fit the layout.</exception>
    public static ExampleMessage Decode(ReadOnlyMemory<byte> value, FeatureLayout layout) => MessageCodec.Read(value, 1, (ref MessagePackReader r, int fields) =>
    {
        long timeMs = r.ReadInt64();
        if (fields == 1) return new ExampleMessage(timeMs, null);
        string request = MessageCodec.Text(ref r), user = MessageCodec.Text(ref r), item = MessageCodec.Text(ref r), list = MessageCodec.Text(ref r);
        var source = (ExampleSource)r.ReadInt32();
        var labels = new float[r.ReadArrayHeader()];
        for (int i = 0; i < labels.Length; i++) labels[i] = r.ReadSingle();
        float[] numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(MessageCodec.Bytes(ref r)).ToArray();
        var ids = new string[r.ReadArrayHeader()];
        for (int i = 0; i < ids.Length; i++) ids[i] = MessageCodec.Text(ref r);
        var offsets = new int[r.ReadArrayHeader()];
        for (int i = 0; i < offsets.Length; i++) offsets[i] = r.ReadInt32();
        if (labels.Length != layout.Labels.Count || numbers.Length != layout.NumberWidth || offsets.Length != layout.IdColumns + 1 || offsets[^1] != ids.Length)
            throw new MessageFormatException($"example has {labels.Length} labels, {numbers.Length} numbers and {offsets.Length - 1} id columns; the spec has {layout.Labels.Count}, {layout.NumberWidth} and {layout.IdColumns}");
        return new ExampleMessage(timeMs, new Example(timeMs, request, user, item, list, new FeatureVector(numbers, ids, offsets), labels, source));
    });
}
