using System.Buffers;
using Microsoft.AspNetCore.Http;
using Ranking.Client;
using Ranking.Client.Formats;
using Ranking.Features.Errors;
using Ranking.Serving.Limits;
using Ranking.Serving.Ranking;
using Ranking.Serving.Retrieval;
using Neighbour = Ranking.Mbat.Neighbour;

namespace Ranking.Serving.Http;

/// <summary><c>POST /v1/similar</c>.</summary>
internal sealed class SimilarEndpoint(IRetriever retriever, RedisGuard redis, AnswerBuffer buffers, RankerOptions options)
{
    public async Task HandleAsync(HttpContext http)
    {
        BodyFormat format = MediaTypes.OfBody(http.Request), wanted = MediaTypes.OfAnswer(http.Request, format);
        if (retriever.Unavailable is { } why) throw new RequestRefusedException(501, ErrorCodes.RetrievalUnavailable, why);
        SimilarQuery query;
        using (RequestBody body = await RequestBody.ReadAsync(http.Request, options.Limits.MaxBodyBytes, http.RequestAborted).ConfigureAwait(false))
            query = Parse(body, format);
        IReadOnlyList<Neighbour> near = await SearchAsync(query).ConfigureAwait(false);
        var answer = new SimilarAnswer { Neighbours = [.. near.Select(n => new Client.Neighbour { Id = n.Id, Similarity = n.Similarity })] };
        await Answers.SendAsync(http, answer, RankingJson.Default.SimilarAnswer, wanted).ConfigureAwait(false);
    }

    SimilarQuery Parse(in RequestBody body, BodyFormat format)
    {
        if (format == BodyFormat.Json) return SimilarRequestParser.Parse(body.Bytes, retriever.Dimension, options.Limits);
        ArrayBufferWriter<byte> json = buffers.Rent();
        try
        {
            MessagePackBody.ToJson(body.Memory, json);
            return SimilarRequestParser.Parse(json.WrittenSpan, retriever.Dimension, options.Limits);
        }
        finally
        {
            buffers.Return(json);
        }
    }

    async Task<IReadOnlyList<Neighbour>> SearchAsync(SimilarQuery query)
    {
        TimeSpan timeout = TimeSpan.FromMilliseconds(options.Limits.DefaultDeadlineMs);
        (Retrieved<Neighbour>? answer, string? reason) = await redis.AskAsync(
            static s => s.query switch
            {
                { Document: { } document } => s.retriever.NearDocumentAsync(document, s.query.K, s.query.Filter),
                { Vector: { } vector } => s.retriever.NearVectorAsync(vector, s.query.K, s.query.Filter),
                _ => s.retriever.NearItemAsync(s.query.Id!, s.query.K, s.query.Filter),
            },
            (retriever, query),
            timeout,
            cutShort: false).ConfigureAwait(false);
        if (reason is not null) throw new RequestRefusedException(503, ErrorCodes.RedisUnreachable, $"Redis did not answer ({reason})", retryAfter: TimeSpan.FromSeconds(1));
        if (answer!.Unavailable is { } why) throw new RequestRefusedException(501, ErrorCodes.RetrievalUnavailable, why);
        if (answer.Refused is { } wrong) throw new RequestRefusedException(400, ErrorCodes.DocumentInvalid, wrong, "$.doc");
        return answer.Found ?? throw new RequestRefusedException(404, ErrorCodes.DocumentUnknown, "no document of that id has a vector", "$.id", query.Id, "an item whose document has a vector");
    }
}
