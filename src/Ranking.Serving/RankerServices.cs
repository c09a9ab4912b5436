using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Mbat;
using Ranking.Serving.Http;
using Ranking.Serving.Limits;
using Ranking.Serving.Ranking;
using Ranking.Serving.Retrieval;
using Ranking.Serving.ServedLog;
using Ranking.Serving.Telemetry;
using Ranking.Serving.Versions;
using Ranking.Store;
using Ranking.Store.Rows;
using Ranking.Store.Tokens;
using Ranking.Store.Vectors;

namespace Ranking.Serving;

/// <summary>Puts a ranker into a host.</summary>
public static class RankerServices
{
    /// <summary>Adds the ranker: it loads the promoted version when the host starts. <c>MapRanker</c> gives it its endpoints.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">What to serve.</param>
    /// <exception cref="SpecException">The spec has mistakes.</exception>
    public static IServiceCollection AddRanker(this IServiceCollection services, RankerOptions options)
    {
        RankingSpec spec = SpecReader.Read(options.Spec);
        services.AddSingleton<IVersionSource>(s => new RegistrySource(options, spec, s.GetRequiredService<TimeProvider>()));
        if (options.Redis is null)
        {
            services.AddSingleton<IRowFetcher, NoRows>();
            services.AddRetrieval(options, spec);
            return services.AddRankerCore(options);
        }
        var store = new StoreOptions
        {
            Address = options.Redis,
            Namespace = options.Namespace ?? spec.Name,
            User = options.RedisUser,
            Password = options.RedisPassword,
            RequireConnected = false, // a ranker that starts in a bad hour serves degraded until Redis is there
        };
        services.AddSingleton(_ => StoreConnection.ConnectAsync(store).GetAwaiter().GetResult());
        services.AddSingleton(s => new RowStore(s.GetRequiredService<StoreConnection>(), new() { Timeout = TimeSpan.FromMilliseconds(options.Limits.RedisTimeoutMs) }));
        services.AddSingleton(s => new TokenWriter(s.GetRequiredService<StoreConnection>()));
        services.AddSingleton<IRowFetcher, RedisRows>();
        services.AddRetrieval(options, spec);
        services.AddHostedService<StoreCheck>();
        return services.AddRankerCore(options);
    }

    static void AddRetrieval(this IServiceCollection services, RankerOptions options, RankingSpec spec)
    {
        if (!spec.Entities.ContainsKey(VectorStore.SearchedKind))
        {
            services.AddSingleton<IRetriever>(new NoRetrieval("the spec names no documents of items (entities.item)"));
            return;
        }
        var encoder = new MbatEncoder(new FeaturePlan(spec).Mbat);
        if (options.VectorFile is { } file)
        {
            services.AddSingleton(_ => new FileVectors(file));
            services.AddSingleton<IVectorHome>(s => s.GetRequiredService<FileVectors>());
            services.AddHostedService(s => new VectorFileFollower(s.GetRequiredService<FileVectors>(), file, options.RegistryPoll, s.GetRequiredService<ILogger<VectorFileFollower>>()));
        }
        else if (options.Redis is not null)
        {
            services.AddSingleton<IVectorHome>(s => new CurrentVectors(s.GetRequiredService<StoreConnection>(), VectorStore.SearchedKind, encoder));
        }
        else
        {
            services.AddSingleton<IRetriever>(new NoRetrieval("the ranker runs without Redis and without a file of vectors"));
            return;
        }
        services.AddSingleton<IRetriever>(s => new VectorRetrieval(s.GetRequiredService<IVectorHome>(), encoder));
    }

    /// <summary>Everything but where versions, rows and vectors come from.</summary>
    internal static IServiceCollection AddRankerCore(this IServiceCollection services, RankerOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton(options.Limits);
        services.AddSingleton<RankerMetrics>();
        services.AddSingleton<Admission>();
        services.AddSingleton<RedisGuard>();
        services.AddSingleton<WarmUp>();
        services.AddSingleton<Ranker>();
        if (options.Kafka is { } kafka)
        {
            services.AddSingleton(s => new ServedWriter(kafka, s.GetRequiredService<RankerMetrics>(), s.GetRequiredService<ILogger<ServedWriter>>()));
            services.AddSingleton<IServedLog>(s => s.GetRequiredService<ServedWriter>());
            services.AddSingleton<IHostedService>(s => s.GetRequiredService<ServedWriter>());
        }
        else services.AddSingleton<IServedLog, NoServedLog>();
        services.AddSingleton<VersionKeeper>();
        services.AddSingleton<IHostedService>(s => s.GetRequiredService<VersionKeeper>());
        services.AddSingleton<AnswerBuffer>();
        services.AddSingleton<EndpointShell>();
        services.AddSingleton<RankEndpoint>();
        services.AddSingleton<SimilarEndpoint>();
        services.AddSingleton<StateEndpoints>();
        // The host's own meters: http_server_request_duration_seconds by route and status, open connections, TLS handshakes.
        services.AddOpenTelemetry().WithMetrics(m => m
            .AddMeter(RankerMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddRuntimeInstrumentation().AddPrometheusExporter());
        services.AddOpenApi("v1", RankerOpenApi.Configure);
        return services;
    }
}

/// <summary>Warns once, at the start, of a Redis that would drop rows by itself.</summary>
internal sealed class StoreCheck(StoreConnection store, ILogger<StoreCheck> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            StoreAbilities abilities = await store.AbilitiesAsync().ConfigureAwait(false);
            if (!abilities.KeepsRows) log.Evicts(abilities.EvictionPolicy!);
        }
        catch (Features.Errors.RankingException e)
        {
            log.RedisAway(e.Message);
        }
    }
}
