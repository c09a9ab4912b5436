using System.CommandLine;
using Microsoft.Extensions.Logging;
using Ranking.Cli.Parsing;
using Ranking.Cli.Reports;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;
using Ranking.Training;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking train</c>: trains from Kafka or files and publishes a version.</summary>
internal sealed class TrainCommand : RankingCommand
{
    readonly Option<string> spec = SpecOptions.Spec(), registry = ModelOptions.Registry(), device = OptionFactory.Choice("--device", "Where to train.", ["cpu", "cuda"], "cpu");
    readonly Option<string?> kafka = KafkaAddress.Option(), kafkaConfig = KafkaAddress.ConfigOption(), model = OptionFactory.Text("--model", "Kind of model; the spec's by default.", "KIND"), fromVersion = OptionFactory.Text("--from-version", "Version whose weights training begins from.", "V");
    readonly Option<string[]> examples = OptionFactory.Texts("--examples", "Parquet files of examples.", "FILE"), valid = OptionFactory.Texts("--valid", "Parquet files that are never learned from.", "FILE"), set = SpecOptions.Set();
    readonly Option<int> seed = OptionFactory.Integer("--seed", "Seed of everything random; the spec's by default.", 1, 0, int.MaxValue);
    readonly Option<bool> resume = OptionFactory.Flag("--resume", "Go on from the latest checkpoint of this model."), follow = OptionFactory.Flag("--follow", "Go on for ever as examples come; needs --publish-every.");
    readonly Option<DateTimeOffset?> from = SpecOptions.From(), to = SpecOptions.To(), validFrom = OptionFactory.Instant("--valid-from", "First instant of the validation examples."), validTo = OptionFactory.Instant("--valid-to", "End of the validation examples.");
    readonly Option<TimeSpan?> untilIdle = OptionFactory.Duration("--until-idle", "With --kafka: end once no example came for so long."), publishEvery = OptionFactory.Duration("--publish-every", "With --follow: how often to publish.");

    public TrainCommand() : base("train", "Train a model from the stream or from files and publish a version.",
        "ranking train --spec features/kuairand --examples train.parquet --valid valid.parquet --registry models",
        "ranking train --spec features/kuairand --kafka localhost:9092 --registry models --until-idle 30")
    {
        foreach (Option option in (Option[])[spec, kafka, kafkaConfig, examples, registry, valid, model, set, device, seed, fromVersion, resume, from, to, validFrom, validTo, untilIdle, follow, publishEvery]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        if (run.Get(kafka) is null == (run.Get(examples).Length == 0)) throw new RankingException(ErrorCodes.WrongUsage, "either --kafka or --examples is expected");
        if (run.Get(follow) && (!run.Has(publishEvery) || run.Get(kafka) is null)) throw new RankingException(ErrorCodes.WrongUsage, "--follow needs --kafka and --publish-every");
        RankingSpec problem = SpecOptions.Read(run.Get(spec), Overrides(run));
        IExampleSource source = await Source(run, problem);
        IExampleSource? validation = Validation(run, problem, source);
        var training = new TrainingRun
        {
            Spec = problem,
            Examples = Range(source, run.Get(from), run.Get(to)),
            Validation = validation,
            Device = run.Get(device),
            FromVersion = FromVersion(run),
            Resume = run.Get(resume),
            PublishEvery = run.Get(follow) ? run.Get(publishEvery) : null,
            GaucReason = run.Get(valid).Length == 0 ? null : ReasonAgainstGauc(problem, run.Get(valid)),
        };
        TrainingOutcome outcome = await Progress.Run(run.Terminal, progress =>
        {
            using Progress.Step step = progress.Begin("train", training.Examples.Count);
            return Task.FromResult(new Trainer(new ModelRegistry(run.Get(registry)), run.Logs.CreateLogger<Trainer>()).Train(training, new Shown(step), run.Stopping));
        });
        run.Terminal.Result(outcome, console =>
        {
            console.WriteLine(FormattableString.Invariant(
                $"{outcome.Model}@{outcome.Version}{(outcome.Promoted ? ", promoted" : "")}: {outcome.Samples} samples, {outcome.SamplesPerSecond:F0}/s, {outcome.Seconds:F1} s"));
            if (outcome.Metrics is { } metrics) MetricTables.Draw(console, metrics);
        });
        return 0;
    }

    IReadOnlyList<(string, string)> Overrides(Invocation run)
    {
        List<(string, string)> all = [.. SpecOptions.Overrides(run.Get(set))];
        if (run.Get(model) is { } kind) all.Add(("model.kind", kind));
        if (run.Has(seed)) all.Add(("training.seed", run.Get(seed).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return all;
    }

    async Task<IExampleSource> Source(Invocation run, RankingSpec problem)
    {
        if (run.Get(kafka) is not { } address) return new ExampleFiles(problem, run.Get(examples));
        KafkaSettings topics = SpecOptions.Kafka(run, address, run.Get(kafkaConfig), problem);
        int partitions = await ProblemTopics.EnsureAsync(topics, problem);
        return new ExampleTopic(topics, FeatureLayout.Of(problem), partitions, run.Get(to)?.ToUnixTimeMilliseconds(), run.Get(follow) ? null : run.Get(untilIdle) ?? TimeSpan.FromSeconds(10));
    }

    IExampleSource? Validation(Invocation run, RankingSpec problem, IExampleSource source)
    {
        if (run.Get(valid).Length > 0) return Range(new ExampleFiles(problem, run.Get(valid)), run.Get(validFrom), run.Get(validTo));
        if (!run.Has(validFrom) && !run.Has(validTo)) return null;
        if (source is not ExampleFiles) throw new RankingException(ErrorCodes.WrongUsage, "--valid-from and --valid-to with --kafka need --valid FILE: a stream is read once");
        if (!run.Has(to) || run.Get(validFrom) is not { } start || start < run.Get(to))
            throw new RankingException(ErrorCodes.WrongUsage, "--valid-from must be given and not lie before --to, or validation examples would be learned from");
        return Range(source, run.Get(validFrom), run.Get(validTo));
    }

    static string? ReasonAgainstGauc(RankingSpec problem, IReadOnlyList<string> files)
    {
        var opened = new ExampleFiles(problem, files);
        return GaucRule.ReasonAgainst(problem, opened.UserFrozenAtMs, opened.FirstTimeMs);
    }

    int? FromVersion(Invocation run)
    {
        if (run.Get(fromVersion) is not { } text) return null;
        string number = text[(text.IndexOf('@', StringComparison.Ordinal) + 1)..];
        return int.TryParse(number, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int version)
            ? version
            : throw new RankingException(ErrorCodes.WrongUsage, $"--from-version: {Usage.Quote(text)} is no number of a version");
    }

    static IExampleSource Range(IExampleSource source, DateTimeOffset? from, DateTimeOffset? to) =>
        from is null && to is null ? source : new ExampleRange(source, new(from?.ToUnixTimeMilliseconds(), to?.ToUnixTimeMilliseconds()));

    sealed class Shown(Progress.Step step) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => step.Report(value.Samples,
            FormattableString.Invariant($"{value.Phase} {value.SamplesPerSecond:F0}/s loss {value.Loss:F4} {string.Join(' ', value.Auc.Where(a => a.Value is not null).Select(a => FormattableString.Invariant($"{a.Key} {a.Value:F3}")))}"), value.TotalSamples);
    }
}
