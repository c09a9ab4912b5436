using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ranking.Client;
using Ranking.Client.Formats;
using Ranking.Features.Errors;
using Ranking.Serving.Ranking;

namespace Ranking.Serving.Http;

/// <summary>Writes RFC 9457 problem details; as JSON whatever was asked for, which is all that the RFC defines beside XML.</summary>
internal static class ProblemWriter
{
    public const string MediaType = "application/problem+json";

    public static Task WriteAsync(HttpContext http, RequestRefusedException refused)
    {
        if (refused.RetryAfter is { } after)
            http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return WriteAsync(http, Of(refused));
    }

    public static Task WriteAsync(HttpContext http, int status, ErrorCode error, string detail) =>
        WriteAsync(http, new Problem { Type = TypeOf(error), Title = error.Title, Status = status, Detail = detail, Code = error.Code });

    static async Task WriteAsync(HttpContext http, Problem problem)
    {
        if (http.Response.HasStarted) return;
        var body = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(body)) JsonSerializer.Serialize(writer, problem, RankingJson.Default.Problem);
        http.Response.StatusCode = problem.Status;
        http.Response.ContentType = MediaType;
        http.Response.ContentLength = body.WrittenCount;
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted).ConfigureAwait(false);
    }

    static Problem Of(RequestRefusedException refused) => new()
    {
        Type = TypeOf(refused.Error),
        Title = refused.Error.Title,
        Status = refused.Status,
        Detail = refused.Message,
        Code = refused.Error.Code,
        Field = refused.Field,
        Found = refused.Found,
        Expected = refused.Expected,
        RequestId = refused.RequestId,
    };

    static string TypeOf(ErrorCode error) => "urn:ranking:error:" + error.Code;
}
