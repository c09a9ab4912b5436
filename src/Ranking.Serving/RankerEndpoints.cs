using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Ranking.Serving.Http;
using Scalar.AspNetCore;

namespace Ranking.Serving;

/// <summary>Gives a ranker its endpoints.</summary>
public static class RankerEndpoints
{
    /// <summary>
    /// Maps <c>/v1/rank</c>, <c>/v1/similar</c>, <c>/v1/models</c>, <c>/healthz</c>, <c>/readyz</c>, <c>/metrics</c>,
    /// <c>/openapi/v1.json</c> and a page to try them, <c>/scalar</c>.
    /// </summary>
    public static IEndpointRouteBuilder MapRanker(this IEndpointRouteBuilder endpoints)
    {
        IServiceProvider services = endpoints.ServiceProvider;
        EndpointShell shell = services.GetRequiredService<EndpointShell>();
        endpoints.MapPost("/v1/rank", (Delegate)Described(shell.Around("rank", services.GetRequiredService<RankEndpoint>().HandleAsync))).WithMetadata(new RankerOperation("rank"));
        endpoints.MapPost("/v1/similar", (Delegate)Described(shell.Around("similar", services.GetRequiredService<SimilarEndpoint>().HandleAsync))).WithMetadata(new RankerOperation("similar"));
        endpoints.MapGet("/v1/models", (Delegate)Described(shell.Around("models", services.GetRequiredService<StateEndpoints>().ModelsAsync))).WithMetadata(new RankerOperation("models"));
        endpoints.MapRankerAdmin();
        endpoints.MapOpenApi();
        endpoints.MapScalarApiReference();
        return endpoints;
    }

    /// <summary>Maps <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>.</summary>
    static void MapRankerAdmin(this IEndpointRouteBuilder endpoints)
    {
        IServiceProvider services = endpoints.ServiceProvider;
        EndpointShell shell = services.GetRequiredService<EndpointShell>();
        endpoints.MapGet("/healthz", (Delegate)Described(shell.Around("healthz", StateEndpoints.HealthAsync))).WithMetadata(new RankerOperation("healthz"));
        endpoints.MapGet("/readyz", (Delegate)Described(shell.Around("readyz", services.GetRequiredService<StateEndpoints>().ReadyAsync))).WithMetadata(new RankerOperation("readyz"));
        endpoints.MapPrometheusScrapingEndpoint("/metrics");
    }

    /// <summary>OpenAPI lists endpoints that are delegates with a method of their own, and no plain <see cref="RequestDelegate"/>.</summary>
    static Func<HttpContext, Task> Described(RequestDelegate handle) => http => handle(http);
}
