using System.Globalization;
using System.Text;

namespace Ranking.Mbat;

internal enum JsonPathStepKind
{
    Key,
    AnyKey,
    Index,
}

/// <summary>One step of a path: a key, any key, or an array index from 0.</summary>
internal readonly record struct JsonPathStep(JsonPathStepKind Kind, string Key, int Index);

/// <summary>Reads paths such as <c>a.b[2].c</c>.</summary>
internal static class JsonPath
{
    /// <exception cref="ArgumentException">The text is no path; the message says at which character.</exception>
    public static List<JsonPathStep> Parse(string path)
    {
        List<JsonPathStep> steps = [];
        int at = 0;
        while (at < path.Length)
        {
            if (path[at] == '[')
            {
                steps.Add(ReadIndex(path, ref at));
            }
            else
            {
                if (steps.Count > 0)
                {
                    if (path[at] != '.')
                        throw Wrong(path, at, "'.' or '['");
                    at++;
                }
                steps.Add(ReadKey(path, ref at));
            }
        }
        return steps;
    }

    private static JsonPathStep ReadIndex(string path, ref int at)
    {
        int close = path.IndexOf(']', at);
        if (close < 0 || !int.TryParse(path.AsSpan(at + 1, close - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            throw Wrong(path, at, "an index such as [0]");
        at = close + 1;
        return new(JsonPathStepKind.Index, "", index);
    }

    private static JsonPathStep ReadKey(string path, ref int at)
    {
        int start = at;
        StringBuilder key = new();
        while (at < path.Length && path[at] is not ('.' or '['))
        {
            if (path[at] == '\\' && ++at == path.Length)
                throw Wrong(path, at, "a character after '\\'");
            key.Append(path[at++]);
        }
        bool any = at - start == 1 && path[start] == '*';
        return new(any ? JsonPathStepKind.AnyKey : JsonPathStepKind.Key, key.ToString(), 0);
    }

    private static ArgumentException Wrong(string path, int at, string expected) =>
        new($"path '{path}': {expected} is expected at character {at + 1}");
}
