using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Ranking.Client.Formats;
using Ranking.Features.Errors;
using Ranking.Serving.Ranking;

namespace Ranking.Serving.Http;

/// <summary>The two forms of bodies.</summary>
internal enum BodyFormat
{
    Json,
    MessagePack,
}

/// <summary>Chooses the form of a request's body and of its answer.</summary>
internal static class MediaTypes
{
    public const string Json = "application/json";

    /// <exception cref="RequestRefusedException">415: Content-Type names neither.</exception>
    public static BodyFormat OfBody(HttpRequest request)
    {
        string? type = request.ContentType;
        if (type is Json) return BodyFormat.Json;
        if (type is RankingMessagePack.MediaType) return BodyFormat.MessagePack;
        if (MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? parsed))
        {
            if (parsed.MediaType.Equals(RankingMessagePack.MediaType, StringComparison.OrdinalIgnoreCase)) return BodyFormat.MessagePack;
            bool utf8 = !parsed.Charset.HasValue || parsed.Charset.Value.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase);
            if (utf8 && parsed.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)) return BodyFormat.Json;
        }
        throw new RequestRefusedException(415, ErrorCodes.MediaType, $"Content-Type: found {type ?? "nothing"}, expected {Json} or {RankingMessagePack.MediaType}",
            "Content-Type", type, $"{Json} or {RankingMessagePack.MediaType}");
    }

    /// <summary>What Accept asks for; the body's own form where it allows both.</summary>
    /// <exception cref="RequestRefusedException">406: it allows neither.</exception>
    public static BodyFormat OfAnswer(HttpRequest request, BodyFormat body)
    {
        if (request.Headers.Accept.Count == 0) return body;
        string accept = request.Headers.Accept.ToString();
        if (accept is "*/*") return body;
        if (accept is Json) return BodyFormat.Json;
        if (accept is RankingMessagePack.MediaType) return BodyFormat.MessagePack;
        IList<MediaTypeHeaderValue> asked = MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? list) ? list : [];
        double json = Quality(asked, Json), messagePack = Quality(asked, RankingMessagePack.MediaType);
        if (json == messagePack && json > 0) return body;
        if (json > messagePack) return BodyFormat.Json;
        if (messagePack > 0) return BodyFormat.MessagePack;
        throw new RequestRefusedException(406, ErrorCodes.MediaType, $"Accept: found {accept}, expected {Json} or {RankingMessagePack.MediaType}",
            "Accept", accept, $"{Json} or {RankingMessagePack.MediaType}");
    }

    static double Quality(IList<MediaTypeHeaderValue> asked, string type)
    {
        var wanted = new MediaTypeHeaderValue(type);
        MediaTypeHeaderValue? best = asked.Where(a => wanted.IsSubsetOf(a)).MaxBy(a => (a.MatchesAllTypes ? 0 : a.MatchesAllSubTypes ? 1 : 2, a.Quality ?? 1));
        return best is null ? 0 : best.Quality ?? 1;
    }
}
