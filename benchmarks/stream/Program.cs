using System.Diagnostics;
using System.Globalization;
using System.Runtime;
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
// state BROKER SPEC KEYS TTL_DAYS: the changelog of a pipeline that knows so many items; 0 days: none is ever forgotten.
// restore BROKER SPEC STATE TTL_DAYS: one member, from its start until its tasks are restored; one JSON object on standard output.
const int Partitions = 8;
RankingSpec spec = SpecReader.Read(args[2]);
if (args[0] is "state" or "restore" && int.Parse(args[4], CultureInfo.InvariantCulture) is > 0 and var days) spec = spec with { Entities = new() { ["item"] = new(TimeSpan.FromDays(days)) } };
var kafka = new KafkaSettings(args[1], spec.Name);
var builder = new FeatureBuilder(new FeaturePlan(spec));
return args[0] switch
{
    "write" => await Write(int.Parse(args[4], CultureInfo.InvariantCulture)),
    "state" => await new StateLog(builder, kafka, Partitions).Write(int.Parse(args[3], CultureInfo.InvariantCulture)),
    "restore" => Restore(args[3]),
    _ => Run(args[3], args[4], int.Parse(args[5], CultureInfo.InvariantCulture)),
};

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
    GCSettings.LatencyMode = GCLatencyMode.Batch; // as the command does
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

int Restore(string state)
{
    using var member = new PipelineMember(builder, kafka, Partitions, NullLogger.Instance, new() { StateFolder = state });
    using var stop = new CancellationTokenSource();
    var watch = Stopwatch.StartNew();
    Task running = Task.Factory.StartNew(() => member.Run(null, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    while (member.Status.Held.Count == 0 && !running.IsCompleted) Thread.Sleep(1);
    double seconds = watch.Elapsed.TotalSeconds, cpu = CpuSeconds("self");
    string peak = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
    Console.WriteLine(JsonSerializer.Serialize(new
    {
        seconds = Math.Round(seconds, 2),
        cpu_s = Math.Round(cpu, 1),
        managed_mb = GC.GetTotalMemory(true) / 1_000_000,
        peak_rss_mb = long.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1_000,
        disk_mb = Directory.GetFiles(state, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length) / 1_000_000,
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
