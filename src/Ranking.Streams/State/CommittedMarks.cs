using Ranking.Features.Errors;
using Ranking.Features.Joining.State;
using Ranking.Features.Rows;

namespace Ranking.Streams.State;

/// <summary>The record that closes a task's part of a transaction: where the task stands and which inputs that contains.</summary>
/// <param name="Positions">By input topic (sources, counts, answers) the offset of the next record.</param>
/// <param name="Marks">Where the task stands.</param>
sealed record CommittedMarks(long[] Positions, TaskMarks Marks)
{
    public void Write(PackedWriter writer, string featureHash)
    {
        writer.Byte(StateKeys.Format);
        writer.Text(featureHash);
        writer.UInt((ulong)Positions.Length);
        foreach (long position in Positions) writer.Int(position);
        StateCodec.Write(writer, Marks);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="RankingException">RNK2006: of another format; RNK1006: of another spec.</exception>
    public static CommittedMarks Read(ReadOnlySpan<byte> bytes, string featureHash)
    {
        var reader = new PackedReader(bytes);
        byte format = reader.Byte();
        if (format != StateKeys.Format) throw new RankingException(ErrorCodes.StateDiffers, $"the changelog is of format {format}; this program reads {StateKeys.Format}");
        string? hash = reader.Text();
        if (hash != featureHash)
            throw new RankingException(ErrorCodes.FeatureHashDiffers, $"the namespace's state is of feature hash {hash?[..12]}, the spec has {featureHash[..12]}: use another --namespace");
        var positions = new long[reader.Count()];
        for (int i = 0; i < positions.Length; i++) positions[i] = reader.Int();
        return new(positions, StateCodec.ReadMarks(ref reader));
    }
}
