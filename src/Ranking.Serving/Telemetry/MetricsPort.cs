using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using Ranking.Features.Errors;

namespace Ranking.Serving.Telemetry;

/// <summary><c>/metrics</c> for Prometheus and <c>/healthz</c>, for a server that has no HTTP of its own.</summary>
public sealed class MetricsPort : IAsyncDisposable
{
    readonly WebApplication app;

    MetricsPort(WebApplication app) => this.app = app;

    /// <summary>Opens the port.</summary>
    /// <param name="port">0 picks a free one.</param>
    /// <param name="meters">What is shown, beside the runtime's own.</param>
    /// <exception cref="RankingException">RNK0005: it is taken.</exception>
    public static async Task<MetricsPort> OpenAsync(int port, params string[] meters)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenAnyIP(port));
        builder.Services.AddOpenTelemetry().WithMetrics(m => m.AddMeter(meters).AddRuntimeInstrumentation().AddPrometheusExporter());
        WebApplication app = builder.Build();
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapGet("/healthz", () => Results.Text("ok\n"));
        try
        {
            await app.StartAsync();
        }
        catch (IOException e)
        {
            await app.DisposeAsync();
            throw new RankingException(ErrorCodes.PortTaken, $"port {port} (--admin) cannot be used: {e.GetBaseException().Message}", e);
        }
        return new(app);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => new UriBuilder(app.Urls.First()) { Host = IPAddress.Loopback.ToString() }.Uri;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => app.DisposeAsync();
}
