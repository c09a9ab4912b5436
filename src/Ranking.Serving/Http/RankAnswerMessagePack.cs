using System.Buffers;
using MessagePack;
using Ranking.Features.Examples;
using Ranking.Serving.Ranking;

namespace Ranking.Serving.Http;

/// <summary>Writes an answer as MessagePack: the same keys and the same numbers as <see cref="RankAnswerJson"/>.</summary>
internal static class RankAnswerMessagePack
{
    public static void Write(RankResult result, IBufferWriter<byte> output)
    {
        var writer = new MessagePackWriter(output);
        writer.WriteMapHeader(5);
        Key(ref writer, "request_id"u8);
        writer.Write(result.Query.RequestId);
        Key(ref writer, "model"u8);
        writer.Write(result.Layout.Model);
        Key(ref writer, "degraded"u8);
        writer.Write(result.DegradedReasons.Count > 0);
        Key(ref writer, "degraded_reasons"u8);
        writer.WriteArrayHeader(result.DegradedReasons.Count);
        foreach (string reason in result.DegradedReasons) writer.Write(reason);
        Key(ref writer, "ranked"u8);
        writer.WriteArrayHeader(result.Order.Length);
        int labels = result.Layout.Labels;
        foreach (int place in result.Order.Span)
        {
            writer.WriteMapHeader(result.Query.Explain ? 4 : 3);
            Key(ref writer, "id"u8);
            writer.Write(result.Query.Candidates[place].Id);
            Key(ref writer, "score"u8);
            writer.Write(result.Scores[place]);
            Key(ref writer, "scores"u8);
            writer.WriteMapHeader(labels);
            for (int l = 0; l < labels; l++)
            {
                writer.WriteRaw(result.Layout.LabelsMessagePack[l]);
                writer.Write((double)result.Probabilities[place * labels + l]);
            }
            if (result.Query.Explain) WriteFeatures(ref writer, result.Layout.Features, result.Examples[place]);
        }
        writer.Flush();
    }

    static void Key(ref MessagePackWriter writer, ReadOnlySpan<byte> key) => writer.WriteString(key);

    static void WriteFeatures(ref MessagePackWriter writer, FeatureLayout layout, FeatureVector example)
    {
        Key(ref writer, "features"u8);
        writer.WriteMapHeader(layout.Columns.Count);
        foreach (FeatureColumn column in layout.Columns)
        {
            writer.Write(column.Feature);
            if (column.IsIds)
            {
                ReadOnlySpan<string> ids = example.IdsOf(column.Index);
                if (ids.Length == 0) writer.WriteNil();
                else if (column.Width == 1) writer.Write(ids[0]);
                else
                {
                    writer.WriteArrayHeader(ids.Length);
                    foreach (string id in ids) writer.Write(id);
                }
            }
            else if (column.Width == 1) writer.Write((double)example.Numbers[column.Index]);
            else
            {
                writer.WriteArrayHeader(column.Width);
                foreach (float number in example.Numbers.AsSpan(column.Index, column.Width)) writer.Write((double)number);
            }
        }
    }
}
