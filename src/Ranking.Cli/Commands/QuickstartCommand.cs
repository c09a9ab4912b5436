using System.CommandLine;
using System.Globalization;
using Ranking.Cli.Parsing;
using Ranking.Cli.Quickstart;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Store;
using Ranking.Streams.Topics;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking quickstart</c>: the whole loop on a real log, in one process unless servers are named.</summary>
internal sealed class QuickstartCommand : RankingCommand
{
    readonly Option<string?> spec = OptionFactory.Text("--spec", "Folder of the spec; the shipped KuaiRand by default.", "DIR"),
        data = OptionFactory.Text("--data", "Folder of the raw log; the folder data of the spec by default.", "DIR"),
        outFolder = OptionFactory.Text("--out", "Where the report and the model are kept; artifacts/quickstart by default.", "DIR");

    readonly Option<string?> kafka = KafkaAddress.Option(), kafkaConfig = KafkaAddress.ConfigOption(), redis = RedisAddress.Option();
    readonly Option<int> seed = OptionFactory.Integer("--seed", "Seed of training and requests; -1 for the spec's.", -1, -1, int.MaxValue);
    readonly Option<bool> serve = OptionFactory.Flag("--serve", "Keep the ranker up when all is done, until Ctrl-C.");

    public QuickstartCommand() : base("quickstart", "Replay a log through the pipeline, train, rank and evaluate: the whole loop, with a report.",
        "ranking quickstart", "ranking quickstart --serve", "ranking quickstart --spec features/movielens --data ~/ml-latest-small")
    {
        foreach (Option option in (Option[])[spec, data, kafka, kafkaConfig, redis, seed, outFolder, serve]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        string folder = run.Get(spec) ?? Shipped() ?? throw new RankingException(ErrorCodes.SpecNotFound, "features/kuairand was not found in this folder or above; name a spec with --spec");
        string output = run.Get(outFolder) ?? Path.Combine("artifacts", "quickstart");
        Directory.CreateDirectory(output);
        StoreOptions? server = run.Get(redis) is { } address ? RedisAddress.Store(address, "quickstart") : null;
        KafkaSettings? cluster = run.Get(kafka) is { } brokers ? new(brokers, "quickstart", KafkaAddress.Settings(brokers, run.Get(kafkaConfig))) : null;
        var loop = new QuickstartLoop(new(folder, run.Get(data) ?? Path.Combine(folder, "data"), cluster, server, run.Get(seed) is >= 0 and var s ? s : null, output), run);
        Func<Uri, QuickstartResult, Task>? stay = run.Get(serve) ? (address, result) => Stay(run, loop, address, result) : null;
        QuickstartResult result = await Progress.Run(run.Terminal, progress => loop.RunAsync(progress, stay));
        if (stay is null) Show(run, loop, result);
        return 0;
    }

    static async Task Stay(Invocation run, QuickstartLoop loop, Uri address, QuickstartResult result)
    {
        Show(run, loop, result);
        run.Terminal.Errors.WriteLine($"The ranker answers at {address} until Ctrl-C. Try:");
        foreach (string line in loop.CurlLines(address)) run.Terminal.Errors.WriteLine("  " + line);
        try { await Task.Delay(Timeout.Infinite, run.Stopping); }
        catch (OperationCanceledException) { } // how it ends well
    }

    /// <summary>features/kuairand of the checkout that the program was started in, or was built in.</summary>
    static string? Shipped()
    {
        foreach (string start in (string[])[Directory.GetCurrentDirectory(), AppContext.BaseDirectory])
            for (DirectoryInfo? at = new(start); at is not null; at = at.Parent)
                if (Path.Combine(at.FullName, "features", "kuairand") is var folder && File.Exists(Path.Combine(folder, SpecReader.FileName))) return folder;
        return null;
    }

    static void Show(Invocation run, QuickstartLoop loop, QuickstartResult result) => run.Terminal.Result(result, console =>
    {
        Table labels = new Table().AddColumns("label", "AUC", "smoothed target means", "log loss", "calibration");
        foreach ((string name, QuickstartLabel label) in result.Labels)
        {
            Training.Evaluation.LabelMetrics? metrics = loop.Details.Evaluation?.Labels[name];
            labels.AddRow(Markup.Escape(name), F(label.Auc, 4), F(label.BaselineAuc, 4), F(metrics?.LogLoss, 4), F(metrics?.Calibration, 3));
        }
        console.Write(labels);
        Table all = new Table().AddColumns("measured", "").HideHeaders();
        all.AddRow("events", string.Create(CultureInfo.InvariantCulture, $"{result.Events:N0}, {result.EventsPerS:N0} a second with training beside them"));
        all.AddRow("examples", result.Examples.ToString("N0", CultureInfo.InvariantCulture));
        all.AddRow("training", string.Create(CultureInfo.InvariantCulture, $"{result.TrainSamplesPerS:N0} samples a second, {Markup.Escape(result.Model ?? "")}"));
        all.AddRow("200 candidates over HTTP", $"p50 {F(result.RankP50Ms, 2)} ms, p99 {F(result.RankP99Ms, 2)} ms");
        all.AddRow("NDCG@10 of the last day's lists", $"{F(result.RankNdcg10, 4)}, as shown {F(result.ShownNdcg10, 4)}");
        all.AddRow("similar documents", Markup.Escape(result.Retrieval ?? ""));
        all.AddRow("Redis", result.RedisBytes is { } bytes ? $"{F(bytes / 1048576.0, 1)} MiB" : "the server does not say");
        all.AddRow("in all", $"{F(result.Seconds, 1)} s");
        all.AddRow("report", Markup.Escape(result.Report ?? ""));
        console.Write(all);
        if (loop.Details.Neighbours.Count == 0) return;
        Table similar = new Table().AddColumns("similar item", "similarity", "document");
        foreach ((string id, double similarity, string? document) in loop.Details.Neighbours)
            similar.AddRow(Markup.Escape(id), F(similarity, 4), Markup.Escape(document is { Length: > 90 } ? document[..90] + "…" : document ?? ""));
        console.Write(similar);
    });

    static string F(double? number, int digits) => number?.ToString($"F{digits}", CultureInfo.InvariantCulture) ?? "–";
}
