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
using Ranking.Training;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;

namespace Ranking.Cli.Quickstart;

/// <summary>What a quickstart was asked for.</summary>
/// <param name="SpecFolder">Folder of the spec.</param>
/// <param name="DataFolder">Folder of the raw log.</param>
/// <param name="Kafka">A real broker; null for the embedded one.</param>
/// <param name="Redis">A real server; null for the embedded one.</param>
/// <param name="Seed">Seed of the training and of the requests; null: the spec's.</param>
/// <param name="OutFolder">Where the report and the model registry are kept.</param>
internal sealed record QuickstartOptions(string SpecFolder, string DataFolder, string? Kafka, StoreOptions? Redis, int? Seed, string OutFolder);

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
        await using QuickstartServers servers = await QuickstartServers.StartAsync(spec, nameSpace, options.Kafka, options.Redis);
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
        Evaluate(progress, spec, split, registry, trained, stream, ranked);
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
        result.Retrieval = spec.Entities.ContainsKey(VectorStore.SearchedKind) ? await Retrieve(ranking, ranked) : "skipped: items have no documents";
        return ranked;
    }

    /// <summary>Ranks what is similar to an item and finds its neighbours; an item that was shown may have no document, so a few are tried.</summary>
    async Task<string> Retrieve(QuickstartRanking ranking, List<(ShownList List, RankAnswer Answer)> ranked)
    {
        const int tries = 20;
        foreach ((ShownList list, string item) in ranked.SelectMany(r => r.List.Candidates.Select(c => (r.List, c.Id))).DistinctBy(c => c.Id).Take(tries))
        {
            try
            {
                RankAnswer similar = await ranking.RankSimilarAsync(list, item, cancel);
                details.Neighbours.Add((item, 1, null));
                details.Neighbours.AddRange((await ranking.SimilarAsync(item, cancel)).Neighbours.Select(n => (n.Id, n.Similarity, (string?)null)));
                return FormattableString.Invariant($"of 50 similar to {item}, {similar.Ranked[0].Id} ranks first");
            }
            catch (RankingClientException e) when (e.Problem?.Status == 501)
            {
                return "skipped: no vector sets";
            }
            catch (RankingClientException e) when (e.Problem?.Status == 404)
            {
            }
        }
        return $"skipped: none of {tries} items has a document";
    }

    void Evaluate(Progress progress, RankingSpec spec, QuickstartSplit split, ModelRegistry registry, TrainingOutcome trained, QuickstartStream stream, List<(ShownList List, RankAnswer Answer)> ranked)
    {
        using Progress.Step step = progress.Begin("evaluate", stream.Held.Count);
        using Models.RankingModel model = VersionModel.Load(registry.Open(trained.Model, trained.Version));
        string? gaucReason = GaucRule.ReasonAgainst(spec, null, split.TrainEndMs);
        EvaluationReport report = Evaluator.Evaluate(ExampleScorer.Score(spec, model.Score, new ExampleList(stream.Held), cancel: cancel), new EvaluationSettings { GaucReason = gaucReason });
        EvaluationReport baseline = Evaluator.Evaluate(stream.Baseline, new EvaluationSettings { GaucReason = gaucReason });
        foreach ((string label, LabelMetrics metrics) in report.Labels) result.Labels[label] = new(metrics.Auc, metrics.Gauc, baseline.Labels[label].Auc);
        details.Evaluation = report;

        Dictionary<(string, string, long), bool> liked = [];
        foreach (Example e in stream.Held) liked[(e.RequestId, e.Item, e.TimeMs)] = e.Labels[0] > 0;
        bool Liked(Impression i) => liked.GetValueOrDefault((i.RequestId, i.Item, i.TimeMs));
        var ndcg = new List<(double Ranked, double Shown)>();
        (ShownList List, RankAnswer Answer)? best = null;
        foreach ((ShownList list, RankAnswer answer) in ranked)
        {
            Dictionary<string, int> shownAt = list.Candidates.Select((c, i) => (c.Id, i)).ToDictionary(c => c.Id, c => c.i, StringComparer.Ordinal);
            if (list.Ndcg(answer.Ranked.Select(r => shownAt[r.Id]), Liked) is not { } value) continue;
            ndcg.Add((value, list.Ndcg(Enumerable.Range(0, list.Candidates.Count), Liked)!.Value));
            if (best is null || (list.Candidates.Count > best.Value.List.Candidates.Count && list.Candidates.Count <= 12)) best = (list, answer);
        }
        if (ndcg.Count == 0) return;
        (result.RankNdcg10, result.ShownNdcg10) = (ndcg.Average(n => n.Ranked), ndcg.Average(n => n.Shown));
        Dictionary<string, string> documents = Documents(spec, [.. best!.Value.Answer.Ranked.Select(r => r.Id), .. details.Neighbours.Select(n => n.Id)]);
        foreach (RankedItem item in best.Value.Answer.Ranked)
        {
            int at = best.Value.List.Candidates.Select(c => c.Id).ToList().IndexOf(item.Id);
            details.Ranked.Add((item, at, Liked(best.Value.List.Impressions[at]), documents.GetValueOrDefault(item.Id)));
        }
        for (int i = 0; i < details.Neighbours.Count; i++) details.Neighbours[i] = details.Neighbours[i] with { Document = documents.GetValueOrDefault(details.Neighbours[i].Id) };
        step.Report(stream.Held.Count);
    }

    Dictionary<string, string> Documents(RankingSpec spec, HashSet<string> items)
    {
        var documents = new Dictionary<string, string>(StringComparer.Ordinal);
        using RawLogs log = OpenLog(spec)();
        foreach (EntityDocument document in log.ReadEntities())
            if (document is { Kind: "item", Json: { } json } && items.Contains(document.Id)) documents[document.Id] = System.Text.Encoding.UTF8.GetString(json);
        return documents;
    }

    sealed class Told(Action<TrainingProgress> show) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => show(value);
    }
}
