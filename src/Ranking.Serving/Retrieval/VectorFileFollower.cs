using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ranking.Serving.Telemetry;
using Ranking.Store.Vectors;

namespace Ranking.Serving.Retrieval;

/// <summary>Takes a new file of vectors when it was put in the old one's place; one that cannot be read is refused, and the old one serves.</summary>
internal sealed class VectorFileFollower(FileVectors vectors, string path, TimeSpan every, ILogger<VectorFileFollower> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        (DateTime, long) seen = State();
        using var timer = new PeriodicTimer(every);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                (DateTime, long) now = State();
                if (now == seen) continue;
                seen = now;
                try
                {
                    vectors.Reload();
                    log.VectorsTaken(await vectors.CountAsync().ConfigureAwait(false), path);
                }
                catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
                {
                    log.VectorsRefused(e.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    (DateTime, long) State() => new FileInfo(path) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : default;
}
