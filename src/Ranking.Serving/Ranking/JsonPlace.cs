using System.Globalization;

namespace Ranking.Serving.Ranking;

/// <summary>Where in a body the reader is; becomes text only when something is wrong there.</summary>
/// <param name="Field">A field of the body; empty for the body itself.</param>
/// <param name="Index">Place in that field's list, or -1.</param>
/// <param name="Inner">A field of that element or object.</param>
/// <param name="Key">A key of that object.</param>
/// <param name="At">Place in the list under the key, or -1.</param>
internal readonly record struct JsonPlace(string Field, int Index = -1, string? Inner = null, string? Key = null, int At = -1)
{
    /// <summary>The body itself. (Not <c>default</c>, whose indices would be 0.)</summary>
    public static JsonPlace Body => new("");

    /// <summary>The JSON path.</summary>
    public override string ToString()
    {
        string path = Field.Length == 0 ? "$" : "$." + Field;
        if (Index >= 0) path += string.Create(CultureInfo.InvariantCulture, $"[{Index}]");
        if (Inner is not null) path += "." + Inner;
        if (Key is not null) path += "." + (Key.Length > 80 ? Key[..80] + "…" : Key);
        return At < 0 ? path : path + string.Create(CultureInfo.InvariantCulture, $"[{At}]");
    }
}
