using Microsoft.AspNetCore.Http;
using Ranking.Client.Formats;
using Ranking.Features.Errors;
using Ranking.Serving.Ranking;
using Ranking.Serving.Versions;

namespace Ranking.Serving.Http;

/// <summary>What the process says of itself.</summary>
internal sealed class StateEndpoints(VersionKeeper versions)
{
    /// <summary><c>GET /v1/models</c>.</summary>
    public Task ModelsAsync(HttpContext http) =>
        Answers.SendAsync(http, versions.Describe(), RankingJson.Default.ModelsAnswer, MediaTypes.OfAnswer(http.Request, BodyFormat.Json));

    /// <summary><c>GET /healthz</c>: the process is alive and should not be restarted. Not more: a missing model is no reason to restart.</summary>
    public static Task HealthAsync(HttpContext http) => http.Response.WriteAsync("alive\n", http.RequestAborted);

    /// <summary><c>GET /readyz</c>: a model is loaded and warm, so traffic may come; else 503 with what is missing.</summary>
    public Task ReadyAsync(HttpContext http)
    {
        if (versions.NotReadyReason is { } why) throw new RequestRefusedException(503, ErrorCodes.NotReady, why, retryAfter: TimeSpan.FromSeconds(1));
        return http.Response.WriteAsync("ready\n", http.RequestAborted);
    }
}
