using System.Globalization;
using Ranking.Features.Spec;

namespace Ranking.Features.Examples;

/// <summary>The list that an example belongs to, by which NDCG and GAUC group.</summary>
public static class ListKeys
{
    /// <summary>The values of the spec's <c>list</c> fields, joined by a vertical bar.</summary>
    public static string Of(RankingSpec spec, in RequestFields fields, string requestId)
    {
        if (spec.List.Count == 1) return Part(spec, spec.List[0], fields, requestId);
        var parts = new string[spec.List.Count];
        for (int i = 0; i < parts.Length; i++) parts[i] = Part(spec, spec.List[i], fields, requestId);
        return string.Join('|', parts);
    }

    static string Part(RankingSpec spec, string name, in RequestFields fields, string requestId) => name switch
    {
        "user" => fields.User,
        "request_id" => requestId,
        "day" => (DateTime.UnixEpoch.AddMilliseconds(fields.TimeMs) + spec.TimeZone).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        _ => spec.Context.IndexOf(name) is var i && i >= 0 && i < fields.Context.Length ? fields.Context[i].ToString() : "",
    };
}
