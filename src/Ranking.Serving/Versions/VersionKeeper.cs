using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ranking.Client;
using Ranking.Features.Errors;
using Ranking.Serving.Telemetry;

namespace Ranking.Serving.Versions;

/// <summary>
/// Keeps the promoted version serving: looks at the registry now and then (and when hinted), loads and warms another version
/// beside the one that serves, and exchanges them between two requests. A version that is damaged is refused, the old one serves on.
/// </summary>
internal sealed class VersionKeeper(IVersionSource source, WarmUp warmUp, RankerOptions options, RankerMetrics metrics, TimeProvider clock, ILogger<VersionKeeper> log)
    : BackgroundService
{
    /// <summary>How long a refused version is left alone before it is tried again: someone may have restored its files.</summary>
    static readonly TimeSpan RetryRefusedAfter = TimeSpan.FromMinutes(1);

    readonly Channel<bool> hints = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly Lock gate = new();
    readonly List<ServingVersion> draining = [];
    volatile ServingVersion? current;
    volatile Refusal? refused;
    volatile string? trouble;
    volatile bool stopping;

    sealed record Refusal(string Name, string Reason, DateTimeOffset At);

    /// <summary>Why no request can be ranked now; null if one can.</summary>
    public string? NotReadyReason => stopping ? "the server is stopping"
        : current is not null ? null
        : refused is { } r ? $"{r.Name} was refused: {r.Reason}"
        : trouble ?? "no model version is loaded yet";

    /// <summary>The version that serves; null before the first one is warm.</summary>
    public ServingVersion? Current => current;

    /// <summary>Enters the version that serves; null if there is none. The caller leaves it.</summary>
    public ServingVersion? Enter()
    {
        while (!stopping && current is { } version) if (version.TryEnter()) return version;
        return null;
    }

    /// <summary>Has the registry looked at now: something was promoted.</summary>
    public void Hint() => hints.Writer.TryWrite(true);

    /// <summary>Versions as <c>/v1/models</c> shows them.</summary>
    public ModelsAnswer Describe()
    {
        var versions = new List<ModelInfo>();
        ServingVersion? serving = current;
        if (serving is not null) versions.Add(Info(serving, "serving"));
        lock (gate)
        {
            draining.RemoveAll(v => v.IsFreed);
            versions.AddRange(draining.Select(v => Info(v, "draining")));
        }
        if (refused is { } r) versions.Add(new() { Model = r.Name, State = "refused", Since = r.At, Reason = r.Reason });
        return new() { Serving = serving?.Name, Versions = versions };
    }

    static ModelInfo Info(ServingVersion version, string state) =>
        new() { Model = version.Name, State = state, Since = version.Since, Labels = version.Plan.Layout.Labels };

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // loading is long and synchronous: the server starts without it
        while (!stoppingToken.IsCancellationRequested)
        {
            Look();
            try
            {
                await Task.WhenAny(Task.Delay(options.RegistryPoll, clock, stoppingToken), hints.Reader.WaitToReadAsync(stoppingToken).AsTask()).ConfigureAwait(false);
                while (hints.Reader.TryRead(out _)) { }
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
    }

    /// <summary>Looks once and exchanges versions if another one is promoted.</summary>
    internal void Look()
    {
        string? wanted;
        try
        {
            wanted = source.Wanted();
            trouble = wanted is null ? "no model version is promoted yet" : null;
        }
        catch (Exception e) when (e is RankingException or IOException or UnauthorizedAccessException)
        {
            if (trouble is null) log.RegistryUnreadable(e.Message);
            trouble = "the registry cannot be read: " + e.Message;
            return;
        }
        if (wanted is null || wanted == current?.Name) return;
        if (refused is { } r && r.Name == wanted && clock.GetUtcNow() - r.At < RetryRefusedAfter) return;
        long start = clock.GetTimestamp();
        try
        {
            ServingVersion loaded = source.Load(wanted);
            try
            {
                warmUp.Run(loaded);
            }
            catch
            {
                loaded.Leave();
                throw;
            }
            Exchange(loaded);
            log.Swapped(wanted, clock.GetElapsedTime(start).TotalMilliseconds);
        }
#pragma warning disable CA1031 // Whatever is wrong with a new version, the old one goes on serving.
        catch (Exception e)
#pragma warning restore CA1031
        {
            refused = new(wanted, e.Message, clock.GetUtcNow());
            metrics.VersionRefused();
            log.Refused(wanted, current?.Name ?? "none", e.Message);
        }
    }

    void Exchange(ServingVersion loaded)
    {
        ServingVersion? old = current;
        current = loaded;
        refused = null;
        metrics.VersionSwapped(loaded.Name);
        if (old is null) return;
        lock (gate) draining.Add(old);
        old.Leave();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        stopping = true; // requests that are already inside still hold the version
        ServingVersion? last = current;
        current = null;
        last?.Leave();
    }
}
