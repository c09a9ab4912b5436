using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Ranking.Client.Formats;
using Ranking.Features.Errors;
using Ranking.Serving.Http;
using Ranking.Serving.Telemetry;
using Ranking.Serving.Versions;

namespace Ranking.Serving;

/// <summary>A ranker as a server of its own: what <c>ranking serve</c> runs.</summary>
public sealed class RankerHost : IAsyncDisposable
{
    readonly WebApplication app;

    RankerHost(WebApplication app, int httpPort, int adminPort)
    {
        this.app = app;
        Http = new($"http://127.0.0.1:{httpPort}/");
        Admin = new($"http://127.0.0.1:{adminPort}/");
    }

    /// <summary>The API as this machine reaches it.</summary>
    public Uri Http { get; }

    /// <summary>Metrics and health as this machine reaches them.</summary>
    public Uri Admin { get; }

    /// <summary>Why no request can be ranked now; null if one can.</summary>
    public string? NotReadyReason => app.Services.GetRequiredService<VersionKeeper>().NotReadyReason;

    /// <summary>Has the registry looked at now: something was promoted.</summary>
    public void Hint() => app.Services.GetRequiredService<VersionKeeper>().Hint();

    /// <summary>Commands that this process has sent to Redis so far.</summary>
    internal long RedisOperations() => app.Services.GetRequiredService<Store.StoreConnection>().Multiplexer.OperationCount;

    /// <summary>Starts a server. It listens when this returns; <c>/readyz</c> says when a model is warm.</summary>
    /// <param name="ranker">What to serve.</param>
    /// <param name="host">Where to listen.</param>
    /// <param name="logging">How to log; standard error by default.</param>
    /// <param name="cancel">Gives up starting.</param>
    /// <exception cref="RankingException">A port is taken; it is named.</exception>
    public static Task<RankerHost> StartAsync(RankerOptions ranker, RankerHostOptions host, Action<ILoggingBuilder>? logging = null, CancellationToken cancel = default) =>
        StartAsync(services => services.AddRanker(ranker), ranker.Limits, host, logging, cancel);

    internal static async Task<RankerHost> StartAsync(
        Action<IServiceCollection> add, RankerLimits limits, RankerHostOptions host, Action<ILoggingBuilder>? logging, CancellationToken cancel)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting", LogLevel.Warning);
        if (logging is null) builder.Logging.AddSimpleConsole(c => c.SingleLine = true).Services.Configure<ConsoleLoggerOptions>(c => c.LogToStandardErrorThreshold = LogLevel.Trace);
        else logging(builder.Logging);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = host.DrainTime);
        builder.Services.ConfigureHttpJsonOptions(o =>
        {
            // A context in a chain takes its naming from the chain's options: the document of the API needs both.
            o.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
            o.SerializerOptions.TypeInfoResolverChain.Insert(0, RankingJson.Default);
        });
        ListenOptions? http = null, admin = null;
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // ours counts, and says which limit it was
            kestrel.Limits.MaxRequestBufferSize = Math.Max(1 << 20, limits.MaxBodyBytes + 1);
            kestrel.Listen(host.Address, host.HttpPort, l => http = l);
            kestrel.Listen(host.Address, host.AdminPort, l => admin = l);
        });
        add(builder.Services);
        WebApplication app = builder.Build();
        app.UseStatusCodePages(c => ProblemOfStatusAsync(c.HttpContext));
        app.Use((context, next) => KeepApart(context, next, admin!));
        app.UseRouting();
        app.MapRanker();
        await RunAsync(app, host, cancel).ConfigureAwait(false);
        var started = new RankerHost(app, http!.IPEndPoint!.Port, admin!.IPEndPoint!.Port);
        app.Services.GetRequiredService<ILogger<RankerHost>>().Listening(started.Http.ToString(), started.Admin.ToString());
        return started;
    }

    static async Task RunAsync(WebApplication app, RankerHostOptions host, CancellationToken cancel)
    {
        try
        {
            await app.StartAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            (int port, string option) = IsTaken(host.Address, host.HttpPort) ? (host.HttpPort, "--http") : (host.AdminPort, "--admin");
            throw new RankingException(ErrorCodes.PortTaken, $"port {port} of {host.Address} ({option}) cannot be used: {e.GetBaseException().Message}", e);
        }
    }

    static bool IsTaken(IPAddress address, int port)
    {
        if (port == 0) return false;
        using var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>The admin port is for the platform: the API is not there, whatever a caller writes into its Host header.</summary>
    static Task KeepApart(HttpContext context, RequestDelegate next, ListenOptions admin)
    {
        bool isAdmin = context.Connection.LocalPort == admin.IPEndPoint!.Port;
        if (isAdmin && context.Request.Path.Value is not ("/metrics" or "/healthz" or "/readyz"))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        return next(context);
    }

    static Task ProblemOfStatusAsync(HttpContext http) => http.Response.StatusCode switch
    {
        404 => ProblemWriter.WriteAsync(http, 404, ErrorCodes.NotFound, $"there is no {http.Request.Path}"),
        405 => ProblemWriter.WriteAsync(http, 405, ErrorCodes.NotFound, $"{http.Request.Path} is not for {http.Request.Method}, but for {http.Response.Headers.Allow}"),
        _ => Task.CompletedTask,
    };

    /// <summary>Waits until the server is told to stop (Ctrl-C, SIGTERM, the token) and has answered what was running.</summary>
    public async Task WaitAsync(CancellationToken cancel = default)
    {
        using CancellationTokenRegistration _ = cancel.Register(() => app.Lifetime.StopApplication());
        await app.WaitForShutdownAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var drain = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await app.StopAsync(drain.Token).ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
    }
}
