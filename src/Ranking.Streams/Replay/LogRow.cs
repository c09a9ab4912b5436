using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Partitioning;

namespace Ranking.Streams.Replay;

/// <summary>The current row of a source's result; every value is checked as it is read.</summary>
sealed class LogRow(string file, IReadOnlyList<LogColumn> columns, DbDataReader reader)
{
    // Years 1 to 9999: what an ISO 8601 time can say.
    const long LeastMs = -62_135_596_800_000, MostMs = 253_402_300_799_999;
    const double MostValue = 9e12; // in millionths it still is an int64

    /// <summary>Number of the row in the SQL's own order, from 1.</summary>
    public long Number => reader.GetInt64(columns.Count);

    public long TimeMs(int column)
    {
        RequireValue(column);
        long ms = reader.GetInt64(column);
        return ms is >= LeastMs and <= MostMs ? ms : throw Wrong(column, ms.ToString(CultureInfo.InvariantCulture), "milliseconds since 1970 UTC, years 1 to 9999");
    }

    public string Id(int column) => OptionalId(column) ?? throw Null(column);

    public string? OptionalId(int column)
    {
        if (reader.IsDBNull(column)) return null;
        string id = reader.GetString(column);
        return Ids.IsValid(id) ? id : throw WrongId(column, id);
    }

    public string Text(int column)
    {
        RequireValue(column);
        return reader.GetString(column);
    }

    public double? Real(int column)
    {
        if (reader.IsDBNull(column)) return null;
        double number = reader.GetDouble(column);
        return double.IsFinite(number) ? number : throw Wrong(column, number.ToString(CultureInfo.InvariantCulture), "a finite number, or NULL where it is missing");
    }

    /// <summary>A number in millionths.</summary>
    public long Millionths(int column) => Real(column) switch
    {
        null => throw Null(column),
        { } value when Math.Abs(value) <= MostValue => (long)Math.Round(value * Feedback.One, MidpointRounding.ToEven),
        { } value => throw Wrong(column, value.ToString(CultureInfo.InvariantCulture), "a number from -9e12 to 9e12"),
    };

    public int? Place(int column)
    {
        if (reader.IsDBNull(column)) return null;
        long place = reader.GetInt64(column);
        return place is >= 0 and <= int.MaxValue ? (int)place : throw Wrong(column, place.ToString(CultureInfo.InvariantCulture), "a place from 0");
    }

    public FieldValue Value(int column) => columns[column].Type switch
    {
        LogColumnType.Id => FieldValue.Of(OptionalId(column)),
        LogColumnType.Number => Real(column) is { } number ? FieldValue.Of(number) : FieldValue.Missing,
        _ => IdsOf(column),
    };

    public byte[]? Document(int column)
    {
        if (reader.IsDBNull(column)) return null;
        byte[] json = Encoding.UTF8.GetBytes(reader.GetString(column));
        var check = new Utf8JsonReader(json);
        try
        {
            if (!check.Read() || check.TokenType != JsonTokenType.StartObject) throw Wrong(column, Shown(Encoding.UTF8.GetString(json)), "a JSON object");
            while (check.Read()) { }
        }
        catch (JsonException e)
        {
            throw new RawLogException(ErrorCodes.RawRowInvalid, file, columns[column].Name, Number, $"text that is not JSON ({e.Message.ReplaceLineEndings(" ")})", "a JSON object", e);
        }
        return json;
    }

    public RawLogException Wrong(int column, string found, string expected) => new(ErrorCodes.RawRowInvalid, file, columns[column].Name, Number, found, expected);

    public static string Shown(string text) => text.Length <= 60 ? $"\"{text}\"" : $"\"{text[..60]}…\"";

    FieldValue IdsOf(int column)
    {
        if (reader.IsDBNull(column)) return FieldValue.Missing;
        if (reader.GetValue(column) is not List<string> list) throw Wrong(column, "a list that holds NULL", "ids");
        string[] ids = [.. list];
        foreach (string? id in ids)
        {
            if (id is null) throw Wrong(column, "a list that holds NULL", "ids");
            if (!Ids.IsValid(id)) throw WrongId(column, id);
        }
        return FieldValue.Of(ids);
    }

    void RequireValue(int column)
    {
        if (reader.IsDBNull(column)) throw Null(column);
    }

    RawLogException Null(int column) => Wrong(column, "NULL", "a value");

    RawLogException WrongId(int column, string id) => Wrong(column, id.Length == 0 ? "an empty id" : Shown(id), $"an id of 1 to {Ids.MaxBytes} bytes of UTF-8");
}
