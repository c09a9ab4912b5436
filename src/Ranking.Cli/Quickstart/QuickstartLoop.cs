using System.Globalization;
using Microsoft.Extensions.Logging;
using Ranking.Cli.Output;
using Ranking.Cli.Reports;
using Ranking.Client;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Serving;
using Ranking.Store;
using Ranking.Store.Sink;
using Ranking.Store.Vectors;
using Ranking.Streams.Replay;
using Ranking.Streams.Topics;
using Ranking.Training;
using Ranking.Training.Batches;
using Ranking.Training.Registry;

namespace Ranking.Cli.Quickstart;

/// <summary>What a quickstart was asked for.</summary>
/// <param name="SpecFolder">Folder of the spec.</param>
/// <param name="DataFolder">Folder of the raw log.</param>
/// <param name="Kafka">A real cluster, in whatever namespace; null for the embedded broker.</param>
/// <param name="Redis">A real server; null for the embedded one.</param>
/// <param name="Seed">Seed of the training and of the requests; null: the spec's.</param>
/// <param name="OutFolder">Where the report and the model registry are kept.</param>
internal sealed record QuickstartOptions(string SpecFolder, string DataFolder, KafkaSettings? Kafka, StoreOptions? Redis, int? Seed, string OutFolder);

/// <summary>The whole loop, in order: look at the log, stream and train, rank at one instant, finish the log, evaluate, report.</summary>
internal sealed class QuickstartLoop(QuickstartOptions options, Invocation run)
{
    readonly CancellationToken cancel = run.Stopping;
    readonly QuickstartResult result = new();
    readonly QuickstartDetails details = new();
    ShownList? example;
    DateTimeOffset exampleTime;

    /// <summary>What the report shows.</summary>
    public QuickstartDetails Details => details;

    /// <summary>Runs it.</summary>
    /// <param name="progress">Shown the steps.</param>
    /// <param name="serve">If given, called with the ranker's address when all is done; the ranker stays up until it returns.</param>
    public async Task<QuickstartResult> RunAsync(Progress progress, Func<Uri, QuickstartResult, Task>? serve)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        RankingSpec spec = SpecReader.Read(options.SpecFolder, options.Seed is { } seed ? [("training.seed", seed.ToString(CultureInfo.InvariantCulture))] : null);
        var builder = new FeatureBuilder(new FeaturePlan(spec));
        (List<Impression> lastDay, QuickstartSplit split) = Look(progress, spec);

        string nameSpace = $"{spec.Name}-quickstart-{Guid.NewGuid():N}"[..Math.Min(60, spec.Name.Length + 22)];
        using var traces = new QuickstartTraces(options.OutFolder);
        await using QuickstartServers servers = await QuickstartServers.StartAsync(spec, nameSpace, options.Kafka, options.Redis, traces);
        long emptyRedis = await servers.UsedMemoryAsync();
        string registryFolder = Path.Combine(options.OutFolder, "registry");
        if (Directory.Exists(registryFolder)) Directory.Delete(registryFolder, recursive: true);
        var registry = new ModelRegistry(registryFolder);

        using StoreSinks sinks = await StoreSinks.OpenAsync(builder.Plan, servers.Kafka, servers.Partitions, servers.Store, run.Logs);
        await using var stream = new QuickstartStream(servers, sinks, builder, split, details, OpenLog(spec), Path.Combine(run.TemporaryFolder, "state"), run.Logs, cancel);
        TrainingOutcome trained = await StreamAndTrain(progress, spec, builder, split, servers, stream, registry);
        result.RedisBytes = await servers.UsedMemoryAsync() - emptyRedis;

        await using RankerHost host = await RankerHost.StartAsync(
            new RankerOptions
            {
                Registry = registryFolder,
                Model = trained.Model,
                Spec = options.SpecFolder,
                Redis = servers.Store.Options.Address,
                RedisUser = servers.Store.Options.User,
                RedisPassword = servers.Store.Options.Password,
                Namespace = nameSpace,
                Limits = new() { MaxCandidates = Math.Max(2_000, lastDay.Count) }
            }, // what the log calls a list may be any length
            new RankerHostOptions { HttpPort = 0, AdminPort = 0, Address = System.Net.IPAddress.Loopback }, run.AddLogs, cancel);
        while (host.NotReadyReason is not null) await Task.Delay(50, cancel);
        using var client = new RankingClient(host.Http, new RankingClientOptions { Timeout = QuickstartRanking.Deadline });
        exampleTime = DateTimeOffset.FromUnixTimeMilliseconds(split.HaltMs);
        List<(ShownList List, RankAnswer Answer)> ranked = await Rank(progress, new(spec, client, split, lastDay, spec.Training.Seed), spec);

        using (Progress.Step step = progress.Begin("rest of the log", split.Impressions))
            await stream.FinishAsync(() => step.Report(stream.Replayed));
        result.Events = stream.Status.Events;
        result.Examples = stream.Status.Examples;
        using (Progress.Step step = progress.Begin("evaluate", stream.Held.Count))
        {
            new QuickstartEvaluation(spec, split, OpenLog(spec), result, details).Run(registry.Open(trained.Model, trained.Version), stream, ranked, cancel);
            step.Report(stream.Held.Count);
        }
        result.Seconds = watch.Elapsed.TotalSeconds;
        result.Report = Path.GetFullPath(Path.Combine(options.OutFolder, "report.html"));
        QuickstartReport.Write(result.Report, spec.Name, result, details);
        if (serve is not null) await serve(host.Http, result);
        return result;
    }

    /// <summary>Three requests that work against the ranker that stays up.</summary>
    public IEnumerable<string> CurlLines(Uri address)
    {
        string Post(string path, object body) => $"curl -s {address}v1/{path} -H 'content-type: application/json' -d '{System.Text.Json.JsonSerializer.Serialize(body)}'";
        yield return Post("rank", new { user = example!.User, time = exampleTime, candidates = example.Candidates.Select(c => c.Id).Take(5) });
        yield return Post("similar", new { id = example.Candidates[0].Id, k = 5 });
        yield return $"curl -s {address}v1/models";
    }

    (List<Impression> LastDay, QuickstartSplit Split) Look(Progress progress, RankingSpec spec)
    {
        using Progress.Step step = progress.Begin("look at the log");
        using RawLogs log = OpenLog(spec)();
        // All sources, so that a mistake in any SQL or row is told now and not in the middle of the stream.
        List<Impression> impressions = [.. log.ReadAll().OfType<Impression>()];
        if (impressions.Count == 0) throw new Features.Errors.RankingException(Features.Errors.ErrorCodes.NothingToTrain, $"{options.DataFolder} holds no impression.");
        QuickstartSplit split = QuickstartSplit.Of(spec, impressions);
        step.Report(impressions.Count);
        return ([.. impressions.Where(i => i.TimeMs >= split.HaltMs)], split);
    }

    Func<RawLogs> OpenLog(RankingSpec spec) => () => new RawLogs(spec, options.SpecFolder, options.DataFolder, new RawLogSettings(TempFolder: run.TemporaryFolder));

    async Task<TrainingOutcome> StreamAndTrain(Progress progress, RankingSpec spec, FeatureBuilder builder, QuickstartSplit split, QuickstartServers servers, QuickstartStream stream, ModelRegistry registry)
    {
        using Progress.Step streaming = progress.Begin("replay and pipeline", split.Impressions), training = progress.Begin("train");
        var report = new Told(p =>
        {
            if (double.IsFinite(p.Loss)) training.Report(p.Samples, FormattableString.Invariant($"loss {p.Loss:F4}, {p.SamplesPerSecond:N0} samples/s"));
        });
        var toLearn = new TrainingRun
        {
            Spec = spec,
            Examples = new ExampleTopic(servers.Kafka, builder.Plan.Layout, servers.Partitions, toMs: split.TrainEndMs),
            CheckpointEvery = null,
        };
        Task<TrainingOutcome> trainer = Task.Factory.StartNew(() => new Trainer(registry, run.Logs.CreateLogger<Trainer>()).Train(toLearn, report, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await stream.HaltedAsync(() =>
        {
            if (trainer.IsFaulted) trainer.GetAwaiter().GetResult();
            streaming.Report(stream.Replayed, FormattableString.Invariant($"{stream.Status.Events / stream.Seconds:N0} events/s"));
        });
        result.EventsPerS = stream.Status.Events / stream.Seconds;
        TrainingOutcome trained = await trainer;
        result.TrainSamplesPerS = trained.SamplesPerSecond;
        result.Model = $"{trained.Model}@{trained.Version}";
        details.Loss = trained.Curve;
        return trained;
    }

    async Task<List<(ShownList List, RankAnswer Answer)>> Rank(Progress progress, QuickstartRanking ranking, RankingSpec spec)
    {
        List<(ShownList List, RankAnswer Answer)> ranked;
        using (Progress.Step step = progress.Begin("rank the last day's lists")) ranked = await ranking.RankListsAsync((n, of) => step.Report(n, of: of), cancel);
        using (Progress.Step step = progress.Begin("measure latency")) details.LatenciesMs = await ranking.MeasureAsync((n, of) => step.Report(n, of: of), cancel);
        example = ranked[0].List;
        result.RankP50Ms = details.LatenciesMs[details.LatenciesMs.Length / 2];
        result.RankP99Ms = details.LatenciesMs[details.LatenciesMs.Length * 99 / 100];
        result.Retrieval = spec.Entities.ContainsKey(VectorStore.SearchedKind) ? await ranking.RetrieveAsync(ranked, details, cancel) : "skipped: items have no documents";
        return ranked;
    }

    sealed class Told(Action<TrainingProgress> show) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => show(value);
    }
}
