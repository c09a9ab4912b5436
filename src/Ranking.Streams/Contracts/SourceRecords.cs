using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;

namespace Ranking.Streams.Contracts;

/// <summary>
/// Reads records of source topics as they come: our MessagePack, JSON objects of other people's producers (a MessagePack message of ours
/// never begins with a brace), and records without a value that delete an entity.
/// </summary>
public static class SourceRecords
{
    /// <summary>Header with the event time of a record without a value: ISO 8601 with an offset, or milliseconds since 1970 UTC.</summary>
    public const string TimeHeader = "time";

    /// <summary>The headers of a record without a value.</summary>
    public static Headers TimeOf(long timeMs) => new() { { TimeHeader, Encoding.UTF8.GetBytes(timeMs.ToString(CultureInfo.InvariantCulture)) } };

    /// <summary>Reads a record.</summary>
    /// <param name="topic">The topic's name without prefix: impressions, feedback, served or entities.KIND.</param>
    /// <param name="record">Key, value and headers.</param>
    /// <param name="context">The spec's context fields.</param>
    /// <param name="json">How JSON records name their fields; null: as the SQL does.</param>
    /// <exception cref="MessageFormatException">It cannot be used; the message says which field, its value and what was expected.</exception>
    public static SourceMessage Decode(string topic, Message<byte[], byte[]?> record, OrderedDictionary<string, ContextFieldSpec> context, JsonSpec? json)
    {
        if (record.Value is null) return Deletion(topic, record);
        return JsonRecord.IsJson(record.Value) ? JsonRecord.Decode(topic, record.Value, context, json?.Of(topic)) : SourceMessages.Decode(topic, record.Value, context.Count);
    }

    static SourceMessage Deletion(string topic, Message<byte[], byte[]?> record)
    {
        if (!topic.StartsWith("entities.", StringComparison.Ordinal)) throw new MessageFormatException("a record without a value, where there are no entities to delete");
        if (record.Headers is null || !record.Headers.TryGetLastBytes(TimeHeader, out byte[] header))
            throw new MessageFormatException(ErrorCodes.FieldInvalid, $"a record without a value and without header {TimeHeader}: when the entity was deleted is not known");
        string text = Encoding.UTF8.GetString(header);
        long timeMs = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long ms) ? ms
            : EventTime.Parse(text) ?? throw new MessageFormatException(ErrorCodes.FieldInvalid, $"header {TimeHeader} is '{text}'; {EventTime.Expected}");
        string id = Encoding.UTF8.GetString(record.Key ?? []);
        if (!Ids.IsValid(id)) throw new MessageFormatException(ErrorCodes.FieldInvalid, $"key of {record.Key?.Length ?? 0} bytes; an id of 1 to {Ids.MaxBytes} bytes of UTF-8 was expected");
        return new(timeMs, new EntityDocument(timeMs, topic["entities.".Length..], id, null));
    }
}
