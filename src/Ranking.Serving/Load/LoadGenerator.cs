using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using HdrHistogram;

namespace Ranking.Serving.Load;

/// <summary>
/// An open loop: requests are sent when they are due, whether or not earlier ones were answered, and a latency counts from when its
/// request was due. A closed loop would wait for a slow server and then measure it when it is idle (coordinated omission).
/// </summary>
public static class LoadGenerator
{
    const long MostMicroseconds = 60L * 1_000_000;

    /// <summary>Posts bodies, in turn, to a URL.</summary>
    /// <param name="settings">How.</param>
    /// <param name="bodies">What to post; sent over and over.</param>
    /// <param name="progress">Told the share of the time that is over, a few times a second.</param>
    /// <param name="cancel">Ends it early; what was measured so far is lost.</param>
    /// <exception cref="ArgumentException">No bodies, or a rate or time that is not positive.</exception>
    public static async Task<LoadReport> RunAsync(LoadSettings settings, IReadOnlyList<ReadOnlyMemory<byte>> bodies, IProgress<double>? progress = null, CancellationToken cancel = default)
    {
        if (bodies.Count == 0) throw new ArgumentException("there is no body to post", nameof(bodies));
        if (!(settings.Rate > 0 && settings.Rate < 1e6)) throw new ArgumentException($"rate is {settings.Rate}; expected more than 0 and less than 1,000,000 a second", nameof(settings));
        if (settings.Duration <= TimeSpan.Zero) throw new ArgumentException($"duration is {settings.Duration}; expected more than 0", nameof(settings));
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = settings.MostUnderWay, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2) };
        using var http = new HttpClient(handler) { Timeout = settings.Timeout };
        var run = new Run(settings, http);
        await Task.Factory.StartNew(() => run.Offer(bodies, progress, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        return await run.FinishAsync(cancel).ConfigureAwait(false);
    }

    sealed class Run(LoadSettings settings, HttpClient http)
    {
        readonly LongHistogram latency = new(MostMicroseconds, 3), failures = new(MostMicroseconds, 3);
        readonly ConcurrentDictionary<int, long> statuses = [];
        readonly MediaTypeHeaderValue mediaType = new(settings.MediaType);
        int underWay, most;
        long offered;

        /// <summary>Sends each request when it is due. A thread of its own: a busy pool must not delay arrivals.</summary>
        public void Offer(IReadOnlyList<ReadOnlyMemory<byte>> bodies, IProgress<double>? progress, CancellationToken cancel)
        {
            var random = new Random(settings.Seed);
            double ticks = Stopwatch.Frequency, total = (settings.WarmUp + settings.Duration).TotalSeconds;
            long start = Stopwatch.GetTimestamp();
            double due = 0, told = 0;
            for (int i = 0; ; i++)
            {
                due += -Math.Log(1 - random.NextDouble()) / settings.Rate; // exponential gaps make a Poisson process
                if (due >= total) return;
                long dueAt = start + (long)(due * ticks);
                Wait(dueAt, cancel);
                if (due - told > 0.25) progress?.Report((told = due) / total);
                bool measured = due >= settings.WarmUp.TotalSeconds;
                if (measured) offered++;
                if (Interlocked.Increment(ref underWay) > settings.MostUnderWay)
                {
                    Interlocked.Decrement(ref underWay);
                    if (measured) Record(0, dueAt);
                    continue;
                }
                most = Math.Max(most, Volatile.Read(ref underWay));
                _ = SendAsync(bodies[i % bodies.Count], dueAt, measured, cancel);
            }
        }

        static void Wait(long dueAt, CancellationToken cancel)
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                double ms = (dueAt - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency;
                if (ms <= 0) return;
                if (ms > 2) Thread.Sleep((int)ms - 1);
                else if (ms > 0.2) Thread.Sleep(0); // a spin would take a processor from the server on the same machine
                else Thread.SpinWait(50);
            }
        }

        async Task SendAsync(ReadOnlyMemory<byte> body, long dueAt, bool measured, CancellationToken cancel)
        {
            int status = 0;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, settings.Url)
                {
                    Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = mediaType } },
                };
                using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel).ConfigureAwait(false);
                status = (int)answer.StatusCode;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                // Status 0 says so; it counts with the time that it took.
            }
            if (measured) Record(status, dueAt);
            Interlocked.Decrement(ref underWay);
        }

        void Record(int status, long dueAt)
        {
            long microseconds = Math.Clamp((long)Stopwatch.GetElapsedTime(dueAt).TotalMicroseconds, 1, MostMicroseconds);
            statuses.AddOrUpdate(status, 1, static (_, n) => n + 1);
            LongHistogram histogram = status is >= 200 and < 300 ? latency : failures;
            lock (histogram) histogram.RecordValue(microseconds);
        }

        public async Task<LoadReport> FinishAsync(CancellationToken cancel)
        {
            while (Volatile.Read(ref underWay) > 0) await Task.Delay(5, cancel).ConfigureAwait(false);
            return new(offered, settings.Duration.TotalSeconds, statuses, latency, failures, most);
        }
    }
}
