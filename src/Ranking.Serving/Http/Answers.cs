using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MessagePack;
using Microsoft.AspNetCore.Http;
using Ranking.Client.Formats;

namespace Ranking.Serving.Http;

/// <summary>Sends contracts of the client library in the form that was asked for.</summary>
internal static class Answers
{
    public static async Task SendAsync<T>(HttpContext http, T answer, JsonTypeInfo<T> type, BodyFormat wanted)
    {
        byte[] body = wanted == BodyFormat.Json
            ? JsonSerializer.SerializeToUtf8Bytes(answer, type)
            : MessagePackSerializer.Serialize(answer, RankingMessagePack.Options, http.RequestAborted);
        http.Response.ContentType = wanted == BodyFormat.Json ? MediaTypes.Json : RankingMessagePack.MediaType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
    }
}
