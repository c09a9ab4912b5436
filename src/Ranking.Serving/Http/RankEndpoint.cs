using System.Buffers;
using System.Diagnostics;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Ranking.Client.Formats;
using Ranking.Features.Errors;
using Ranking.Serving.Limits;
using Ranking.Serving.Ranking;
using Ranking.Serving.ServedLog;
using Ranking.Serving.Telemetry;
using Ranking.Serving.Versions;

namespace Ranking.Serving.Http;

/// <summary><c>POST /v1/rank</c>.</summary>
internal sealed class RankEndpoint(VersionKeeper versions, Ranker ranker, Admission admission, AnswerBuffer buffers, IServedLog served, RankerOptions options, RankerMetrics metrics)
{
    public async Task HandleAsync(HttpContext http)
    {
        BodyFormat format = MediaTypes.OfBody(http.Request), wanted = MediaTypes.OfAnswer(http.Request, format);
        ServingVersion version = versions.Enter() ?? throw NotReady();
        try
        {
            RankQuery query;
            long start;
            using (RequestBody body = await RequestBody.ReadAsync(http.Request, options.Limits.MaxBodyBytes, http.RequestAborted).ConfigureAwait(false))
            {
                start = Stopwatch.GetTimestamp();
                query = Parse(version, body, format);
            }
            long at = metrics.Stage("parse", start);
            var deadline = new Deadline(start, query.Deadline);
            try
            {
                using RateLimitLease lease = await admission.EnterAsync(deadline.Remaining, http.RequestAborted).ConfigureAwait(false);
                metrics.Running(1);
                try
                {
                    metrics.Stage("wait", at);
                    RankResult result = await ranker.RankAsync(version, query, deadline).ConfigureAwait(false);
                    await SendAsync(http, result, wanted).ConfigureAwait(false);
                    served.Note(version.FeatureHash, result);
                }
                finally
                {
                    metrics.Running(-1);
                }
            }
            catch (RequestRefusedException e)
            {
                e.RequestId = query.RequestId;
                throw;
            }
        }
        finally
        {
            version.Leave();
        }
    }

    RankQuery Parse(ServingVersion version, in RequestBody body, BodyFormat format)
    {
        if (format == BodyFormat.Json) return version.Parser.Parse(body.Bytes);
        ArrayBufferWriter<byte> json = buffers.Rent();
        try
        {
            MessagePackBody.ToJson(body.Memory, json);
            return version.Parser.Parse(json.WrittenSpan);
        }
        finally
        {
            buffers.Return(json);
        }
    }

    async Task SendAsync(HttpContext http, RankResult result, BodyFormat wanted)
    {
        ArrayBufferWriter<byte> answer = buffers.Rent();
        try
        {
            long at = Stopwatch.GetTimestamp();
            if (wanted == BodyFormat.Json) RankAnswerJson.Write(result, answer);
            else RankAnswerMessagePack.Write(result, answer);
            metrics.Stage("write", at);
            await AnswerBuffer.SendAsync(http, answer, wanted == BodyFormat.Json ? MediaTypes.Json : RankingMessagePack.MediaType).ConfigureAwait(false);
        }
        finally
        {
            buffers.Return(answer);
        }
    }

    RequestRefusedException NotReady() =>
        new(503, ErrorCodes.NotReady, versions.NotReadyReason ?? "the version is being exchanged", retryAfter: TimeSpan.FromSeconds(1));
}
