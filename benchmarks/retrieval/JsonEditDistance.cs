using System.Text.Json;

namespace Ranking.RetrievalStudy;

/// <summary>Edits between two JSON values: changed, added and removed leaves, with array elements aligned at least cost.</summary>
internal static class JsonEditDistance
{
    /// <summary>0 for equal values, 1 for values that share nothing.</summary>
    public static double Relative(JsonElement a, JsonElement b) => Distance(a, b) / (double)(Leaves(a) + Leaves(b));

    private static int Distance(JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind)
            return Leaves(a) + Leaves(b);
        if (a.ValueKind == JsonValueKind.Object)
            return Objects(a, b);
        if (a.ValueKind == JsonValueKind.Array)
            return Arrays([.. a.EnumerateArray()], [.. b.EnumerateArray()]);
        return a.GetRawText() == b.GetRawText() ? 0 : 2;
    }

    private static int Objects(JsonElement a, JsonElement b)
    {
        int cost = 0;
        foreach (JsonProperty member in a.EnumerateObject())
            cost += b.TryGetProperty(member.Name, out JsonElement other) ? Distance(member.Value, other) : Leaves(member.Value);
        foreach (JsonProperty member in b.EnumerateObject())
            cost += a.TryGetProperty(member.Name, out _) ? 0 : Leaves(member.Value);
        return cost;
    }

    private static int Arrays(JsonElement[] a, JsonElement[] b)
    {
        int[] above = new int[b.Length + 1];
        for (int j = 0; j < b.Length; j++)
            above[j + 1] = above[j] + Leaves(b[j]);
        foreach (JsonElement element in a)
        {
            int removed = Leaves(element);
            int[] row = new int[b.Length + 1];
            row[0] = above[0] + removed;
            for (int j = 0; j < b.Length; j++)
                row[j + 1] = Math.Min(Math.Min(above[j + 1] + removed, row[j] + Leaves(b[j])), above[j] + Distance(element, b[j]));
            above = row;
        }
        return above[b.Length];
    }

    private static int Leaves(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => Math.Max(1, value.EnumerateObject().Sum(m => Leaves(m.Value))),
        JsonValueKind.Array => Math.Max(1, value.EnumerateArray().Sum(Leaves)),
        _ => 1,
    };
}
