using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Replay;
using Ranking.Streams.Topics;

// write BROKER SPEC DATA COPIES: whole copies of a log to the source topics; copy r has user ids + r x 100,000 and times + r x 7,919 ms.
// run BROKER SPEC BROKER_PID STATE COMMIT_MS: one member, from the start of the log to its end; one JSON object on standard output.
const int Partitions = 8;
RankingSpec spec = SpecReader.Read(args[2]);
var kafka = new KafkaSettings(args[1], spec.Name);
var builder = new FeatureBuilder(new FeaturePlan(spec));
return args[0] == "write" ? await Write(int.Parse(args[4], CultureInfo.InvariantCulture)) : Run(args[3], args[4], int.Parse(args[5], CultureInfo.InvariantCulture));

async Task<int> Write(int copies)
{
    await ProblemTopics.EnsureAsync(kafka, spec, Partitions);
    using var logs = new RawLogs(spec, args[2], args[3]);
    SourceEvent[] log = [.. logs.ReadAll()];
    var events = new List<SourceEvent>(log.Length * copies);
    for (int copy = 0; copy < copies; copy++) events.AddRange(log.Select(e => Copy(e, copy)));
    events.Sort(SourceEvent.Compare);
    using var replay = new TopicReplay(builder.Plan, kafka, Partitions);
    foreach (SourceEvent e in events) replay.Write(e);
    replay.Close();
    await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{replay.Impressions} impressions, {replay.Feedback} feedback"));
    return 0;
}

static SourceEvent Copy(SourceEvent e, int copy) => e switch
{
    Impression i => i with { TimeMs = i.TimeMs + copy * 7_919, User = Other(i.User, copy), RequestId = $"{copy}.{i.RequestId}" },
    Feedback f => f with { TimeMs = f.TimeMs + copy * 7_919, User = Other(f.User, copy), RequestId = $"{copy}.{f.RequestId}" },
    _ => throw new ArgumentOutOfRangeException(nameof(e)),
};

static string Other(string user, int copy) => (int.Parse(user, CultureInfo.InvariantCulture) + copy * 100_000).ToString(CultureInfo.InvariantCulture);

int Run(string brokerPid, string state, int commitMs)
{
    double brokerBefore = CpuSeconds(brokerPid);
    using var member = new PipelineMember(builder, kafka, Partitions, NullLogger.Instance, new() { StateFolder = state, CommitEvery = TimeSpan.FromMilliseconds(commitMs) });
    using var stop = new CancellationTokenSource();
    Task running = Task.Factory.StartNew(() => member.Run(null, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    while (member.Status.Held.Count == 0 && !running.IsCompleted) Thread.Sleep(1); // its tasks are restored: now it reads
    long allocated = GC.GetTotalAllocatedBytes();
    var watch = Stopwatch.StartNew();
    while (!member.Status.CaughtUp && !running.IsCompleted) Thread.Sleep(5); // all was read, answered, committed, and rows written
    double seconds = watch.Elapsed.TotalSeconds, cpu = CpuSeconds("self"), broker = CpuSeconds(brokerPid) - brokerBefore;
    PipelineStatus s = member.Status;
    Console.WriteLine(JsonSerializer.Serialize(new
    {
        program = "ranking",
        events = s.Events,
        seconds = Math.Round(seconds, 2),
        events_per_s = Math.Round(s.Events / seconds),
        examples = s.Examples,
        commit_interval_ms = commitMs,
        rows = s.Rows,
        peak_rss_mb = Environment.WorkingSet / 1_000_000,
        allocated_bytes_per_event = (GC.GetTotalAllocatedBytes() - allocated) / Math.Max(1, s.Events),
        cpu_s = Math.Round(cpu, 1),
        broker_cpu_s = Math.Round(broker, 1),
    }));
    stop.Cancel();
    running.GetAwaiter().GetResult();
    return 0;
}

static double CpuSeconds(string pid)
{
    string[] fields = File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
    return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
}
