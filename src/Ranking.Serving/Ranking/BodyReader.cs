using System.Globalization;
using System.Text;
using System.Text.Json;
using Ranking.Features.Partitioning;

namespace Ranking.Serving.Ranking;

/// <summary>Reads a request's JSON token by token; every refusal names the place, what was found and what was expected.</summary>
internal ref struct BodyReader
{
    Utf8JsonReader json;

    /// <summary>A reader at the body's first token, which must open an object unless <paramref name="anyValue"/> is allowed.</summary>
    public BodyReader(ReadOnlySpan<byte> utf8, bool anyValue = false)
    {
        json = new(utf8, new JsonReaderOptions { MaxDepth = 64 });
        Read();
        if (!anyValue && !IsObject) throw Refuse(JsonPlace.Body, "a JSON object");
    }

    /// <summary>Moves to the next key of the object that the reader is in, and on to its value; false at the object's end.</summary>
    /// <param name="keys">The keys that may come.</param>
    /// <param name="seen">Those that came; a second time is refused, since readers differ in which of the two they would use.</param>
    /// <param name="key">Index of the key.</param>
    /// <param name="place">The object.</param>
    public bool NextKey(KeySet keys, ref ulong seen, in JsonPlace place, out int key)
    {
        Read();
        key = -1;
        if (json.TokenType == JsonTokenType.EndObject) return false;
        // An escaped key may hold half a surrogate pair, which only Text refuses.
        string? escaped = json.ValueIsEscaped ? Text(place, "a key of valid UTF-8") : null;
        for (int i = 0; i < keys.Utf8.Length && key < 0; i++) if (escaped is null ? json.ValueTextEquals(keys.Utf8[i]) : escaped == keys.Names[i]) key = i;
        if (key < 0) throw UnknownKey(place, Text(place, "a key of valid UTF-8"), keys);
        // The mask holds 64 keys; of a wider spec's later fields the last value counts.
        ulong bit = key < 64 ? 1UL << key : 0;
        if ((seen & bit) != 0) throw RequestRefusedException.Field400($"{place}.{keys.Names[key]}", "the key twice", "each key once");
        seen |= bit;
        Read();
        return true;
    }

    /// <summary>Moves to the next element of the list that the reader is in; false at its end.</summary>
    public bool NextElement()
    {
        Read();
        return json.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Refuses what follows the body's object.</summary>
    public void End()
    {
        while (json.Read()) { } // throws at trailing text
    }

    public readonly bool IsNull => json.TokenType == JsonTokenType.Null;

    public readonly bool IsText => json.TokenType == JsonTokenType.String;

    public readonly bool IsNumber => json.TokenType == JsonTokenType.Number;

    public readonly bool IsObject => json.TokenType == JsonTokenType.StartObject;

    public readonly bool IsList => json.TokenType == JsonTokenType.StartArray;

    public readonly void RequireObject(in JsonPlace place, string expected)
    {
        if (!IsObject) throw Refuse(place, expected);
    }

    public readonly void RequireList(in JsonPlace place, string expected)
    {
        if (!IsList) throw Refuse(place, expected);
    }

    /// <summary>An id: text of 1 to 512 bytes, or an integer, which becomes its decimal text.</summary>
    public readonly string Id(in JsonPlace place)
    {
        const string expected = "an id: text of 1 to 512 bytes of UTF-8, or an integer";
        if (IsNumber) return json.TryGetInt64(out long integer) ? integer.ToString(CultureInfo.InvariantCulture) : throw Refuse(place, expected);
        if (!IsText) throw Refuse(place, expected);
        string id = Text(place, expected);
        return Ids.IsValid(id) ? id : throw RequestRefusedException.Field400(place.ToString(), $"text of {Encoding.UTF8.GetByteCount(id)} bytes", expected);
    }

    /// <summary>Well-formed text.</summary>
    public readonly string Text(in JsonPlace place, string expected)
    {
        if (json.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName)) throw Refuse(place, expected);
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException) // bytes that are no UTF-8, or an escaped half of a surrogate pair
        {
            throw RequestRefusedException.Field400(place.ToString(), "text that is not valid UTF-8", expected);
        }
    }

    /// <summary>A number that a float can hold: the model's inputs are floats, and a larger one would reach it as infinity.</summary>
    public readonly double Number(in JsonPlace place)
    {
        const string expected = "a finite number of at most 3.4e38";
        if (!IsNumber) throw Refuse(place, expected);
        return json.TryGetDouble(out double number) && float.IsFinite((float)number) ? number : throw Refuse(place, expected);
    }

    public readonly int Integer(in JsonPlace place, int least, int most)
    {
        if (IsNumber && json.TryGetInt32(out int value) && value >= least && value <= most) return value;
        throw Refuse(place, string.Create(CultureInfo.InvariantCulture, $"an integer from {least} to {most}"));
    }

    public readonly bool Boolean(in JsonPlace place) => json.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw Refuse(place, "true or false"),
    };

    /// <summary>An instant with its offset, as milliseconds since 1970 UTC.</summary>
    public readonly long Instant(in JsonPlace place)
    {
        const string expected = "an ISO 8601 time with offset, such as 2022-05-06T00:00:00+08:00";
        string text = Text(place, expected);
        bool hasOffset = text.EndsWith('Z') || (text.Length > 19 && text[^6] is '+' or '-' && text[^3] == ':');
        if (hasOffset && text.Length > 10 && text[10] == 'T'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time) && time.Year >= 1970)
            return time.ToUnixTimeMilliseconds();
        throw RequestRefusedException.Field400(place.ToString(), Quoted(text), hasOffset ? expected + ", from 1970 on" : expected);
    }

    /// <summary>The bytes of the value here, and moves to its end.</summary>
    public ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> body)
    {
        int start = (int)json.TokenStartIndex;
        json.Skip();
        return body[start..(int)json.BytesConsumed];
    }

    /// <summary>The refusal of the token here.</summary>
    public readonly RequestRefusedException Refuse(in JsonPlace place, string expected) => RequestRefusedException.Field400(place.ToString(), Found(), expected);

    static RequestRefusedException UnknownKey(in JsonPlace parent, string key, KeySet keys)
    {
        string? nearest = NearestName.Of(key, keys.Names);
        string expected = nearest ?? (keys.Names.Length == 0 ? "no key" : "one of " + string.Join(", ", keys.Names));
        string shown = key.Length > 80 ? key[..80] + "…" : key;
        string hint = nearest is null ? $"expected {expected}" : $"did you mean '{nearest}'?";
        return new(400, Features.Errors.ErrorCodes.RequestInvalid, $"{parent}: {keys.Of} has no '{shown}'; {hint}", $"{parent}.{shown}", shown, expected);
    }

    static string Quoted(string text) => $"'{text}'";

    readonly string Found() => json.TokenType switch
    {
        JsonTokenType.None => "an empty body",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "text '" + Shown(json.ValueSpan) + "'",
        JsonTokenType.Number => Shown(json.ValueSpan),
        JsonTokenType.Null => "null",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => json.TokenType.ToString(),
    };

    static string Shown(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 80)]) + (utf8.Length > 80 ? "…" : "");

    void Read()
    {
        if (!json.Read()) throw new JsonException("the body ends early");
    }
}
