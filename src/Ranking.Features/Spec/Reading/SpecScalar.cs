using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Ranking.Features.Spec.Reading;

/// <summary>How values that are one word in the file are read, written and described.</summary>
static class SpecScalar
{
    static readonly (string Suffix, long Milliseconds)[] Units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    public static bool IsScalar(Type type) => type.IsEnum || type == typeof(string) || type == typeof(bool) || type == typeof(int) || type == typeof(ulong)
        || type == typeof(double) || type == typeof(TimeSpan) || type == typeof(FieldRef) || type == typeof(WindowSpec);

    /// <summary>The value of <paramref name="text"/>, or null where it has not the type's form or lies outside the member's range.</summary>
    public static object? Parse(Type type, string text, SpecMember member)
    {
        object? value = ParseForm(type, text, member);
        return value is not null && InRange(value, member) ? value : null;
    }

    /// <summary>What a value of <paramref name="type"/> looks like, for an error message.</summary>
    public static string Expected(Type type, SpecMember member)
    {
        if (type.IsEnum) return $"one of: {string.Join(", ", Enum.GetNames(type).Select(RecordShape.SnakeCase))}";
        if (member.Attribute<AllowedValuesAttribute>() is { } allowed) return $"one of: {string.Join(", ", allowed.Values)}";
        if (member.Attribute<UtcOffsetAttribute>() is not null) return "an offset from UTC such as +08:00";
        if (type == typeof(bool)) return "true or false";
        if (type == typeof(FieldRef)) return "a field: user, item, a context field, or KIND.PATH into a document";
        if (type == typeof(WindowSpec)) return "total or a duration such as 30m, 6h or 7d";
        if (type == typeof(TimeSpan)) return $"a duration{Range(member, v => Write((TimeSpan)v))} such as 500ms, 10s, 5m, 1h or 7d";
        if (type == typeof(int) || type == typeof(ulong)) return $"a whole number{Range(member, v => Convert.ToString(v, CultureInfo.InvariantCulture)!)}";
        if (type == typeof(double)) return $"a number{Range(member, v => Convert.ToString(v, CultureInfo.InvariantCulture)!)}";
        return "text";
    }

    /// <summary>The value as the file writes it; <see cref="Parse"/> gives it back.</summary>
    public static string Write(object value, SpecMember member) => value switch
    {
        TimeSpan offset when member.Attribute<UtcOffsetAttribute>() is not null => offset.ToString(offset < TimeSpan.Zero ? @"\-hh\:mm" : @"\+hh\:mm", CultureInfo.InvariantCulture),
        TimeSpan duration => Write(duration),
        WindowSpec window => window.Length is { } length ? Write(length) : "total",
        bool flag => flag ? "true" : "false",
        Enum name => RecordShape.SnakeCase(name.ToString()),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>A duration in the largest unit that gives a whole number.</summary>
    public static string Write(TimeSpan duration)
    {
        long ms = duration.Ticks / TimeSpan.TicksPerMillisecond;
        (string suffix, long unit) = ms == 0 ? ("s", 1_000) : Units.First(u => ms % u.Milliseconds == 0);
        return $"{ms / unit}{suffix}";
    }

    static object? ParseForm(Type type, string text, SpecMember member)
    {
        if (type.IsEnum) return Enum.GetValues(type).Cast<object>().FirstOrDefault(v => RecordShape.SnakeCase(v.ToString()!) == text);
        if (type == typeof(string)) return member.Attribute<AllowedValuesAttribute>() is { } allowed && !allowed.Values.Contains(text) ? null : text;
        if (type == typeof(bool)) return text switch { "true" => true, "false" => false, _ => null };
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole) ? whole : null;
        if (type == typeof(ulong)) return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong natural) ? natural : null;
        if (type == typeof(double)) return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
        if (type == typeof(FieldRef)) return FieldRef.IsWellFormed(text) ? FieldRef.Parse(text) : null;
        if (type == typeof(WindowSpec)) return text == "total" ? new WindowSpec(null) : Duration(text) is { } length && length > TimeSpan.Zero ? new WindowSpec(length) : null;
        return member.Attribute<UtcOffsetAttribute>() is null ? Duration(text) : Offset(text);
    }

    static TimeSpan? Duration(string text)
    {
        int digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits is 0 or > 12) return null;
        long unit = Units.FirstOrDefault(u => u.Suffix == text[digits..]).Milliseconds;
        long count = long.Parse(text[..digits], CultureInfo.InvariantCulture);
        return unit == 0 || count > 36_500 * 86_400_000L / unit ? null : TimeSpan.FromMilliseconds(count * unit); // up to a century
    }

    static TimeSpan? Offset(string text)
    {
        if (text is "Z" or "UTC") return TimeSpan.Zero;
        if (text.Length != 6 || text[0] is not ('+' or '-')) return null;
        if (!TimeSpan.TryParseExact(text[1..], @"hh\:mm", CultureInfo.InvariantCulture, out TimeSpan offset) || offset > TimeSpan.FromHours(14)) return null;
        return text[0] == '-' ? -offset : offset;
    }

    static (IComparable Least, IComparable Most, bool OpenLeast, bool OpenMost)? RangeOf(SpecMember member)
    {
        if (member.Attribute<RangeAttribute>() is not { } range) return null;
        IComparable End(object end) => range.OperandType == typeof(TimeSpan)
            ? TimeSpan.Parse((string)end, CultureInfo.InvariantCulture)
            : Convert.ToDouble(end, CultureInfo.InvariantCulture);
        return (End(range.Minimum), End(range.Maximum), range.MinimumIsExclusive, range.MaximumIsExclusive);
    }

    static bool InRange(object value, SpecMember member)
    {
        if (RangeOf(member) is not { } range) return true;
        if (value is WindowSpec window) value = window.Length ?? TimeSpan.FromTicks(1);
        object comparable = value is TimeSpan ? value : Convert.ToDouble(value, CultureInfo.InvariantCulture);
        int low = range.Least.CompareTo(comparable), high = range.Most.CompareTo(comparable);
        return (low < 0 || low == 0 && !range.OpenLeast) && (high > 0 || high == 0 && !range.OpenMost);
    }

    static string Range(SpecMember member, Func<object, string> write)
    {
        if (RangeOf(member) is not { } range) return "";
        string least = write(range.Least), most = write(range.Most);
        bool bounded = range.Most is not double.MaxValue and not (double)int.MaxValue;
        if (least == most) return $", {least}";
        if (range.OpenLeast) return bounded ? $" above {least} and {(range.OpenMost ? "below" : "at most")} {most}" : $" above {least}";
        if (!bounded) return $" of at least {least}";
        return range.OpenMost ? $" of at least {least} and below {most}" : $" from {least} to {most}";
    }
}
