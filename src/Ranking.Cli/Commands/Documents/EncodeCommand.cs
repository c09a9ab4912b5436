using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Ranking.Cli.Output;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Mbat;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking encode</c>: JSON documents to vectors.</summary>
internal sealed class EncodeCommand : RankingCommand
{
    readonly EncoderOptions encoderOptions = new();
    readonly Option<string> format = OptionFactory.Choice("--format", "How vectors are written: JSON lines, NumPy's .npy, or nothing but the floats.", ["json", "npy", "f32"], "json");
    readonly Option<string?> output = OptionFactory.Text("--out", "File for the vectors, with .ids and .settings.json beside it for npy and f32; standard output by default.", "FILE");
    readonly Argument<string?> input = new("FILE") { Description = "JSON lines or a JSON array, plain or gzip; standard input by default. {id, label, doc} is unwrapped, any other line is a document.", DefaultValueFactory = _ => null };

    public EncodeCommand() : base("encode", "Encode JSON documents as MBAT vectors.", "ranking encode documents.jsonl", "ranking encode --dim 1024 --format npy --out vectors.npy documents.jsonl.gz")
    {
        encoderOptions.AddTo(this);
        Add(format);
        Add(output);
        Add(input);
    }

    public override bool Streams => true;

    public override async Task<int> RunAsync(Invocation run)
    {
        MbatEncoder encoder = encoderOptions.Encoder(run);
        VectorFormat kind = Enum.Parse<VectorFormat>(run.Get(format), ignoreCase: true);
        if (kind == VectorFormat.Npy && run.Get(output) is null)
            throw new RankingException(ErrorCodes.WrongUsage, "--format npy needs --out FILE: its header holds the number of vectors, which a pipe cannot take back");

        using Stream standard = new BufferedStream(Console.OpenStandardOutput(), 1 << 18);
        using VectorWriter writer = run.Get(output) is { } path ? VectorWriter.Create(path, kind, encoder.Settings) : new(standard, kind, encoder.Dimension);
        return await Progress.Run(run.Terminal, async progress =>
        {
            using Progress.Step step = progress.Begin("encode");
            // A read of standard input cannot be cancelled, so it is left alone when the run is stopped.
            await Task.Run(() =>
            {
                using CorpusReader corpus = run.Get(input) is { } file and not "-" ? CorpusReader.Open(file) : new(Console.OpenStandardInput());
                CorpusEncoder.Run(corpus, encoder, writer, progress: new Shown(step, corpus), cancel: run.Stopping);
            }).WaitAsync(run.Stopping);
            return 0;
        });
    }

    // Of a file how many of its bytes are read; of a pipe, whose length nobody knows, how many documents.
    sealed class Shown(Progress.Step step, CorpusReader corpus) : IProgress<long>
    {
        readonly long started = Stopwatch.GetTimestamp();

        public void Report(long value)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"{corpus.BytesRead / 1e6 / Stopwatch.GetElapsedTime(started).TotalSeconds:F1} MB/s");
            if (corpus.SourceLength is { } length) step.Report(corpus.SourceBytesRead, string.Create(CultureInfo.InvariantCulture, $"{value:N0} documents, {text}"), length);
            else step.Report(value, text);
        }
    }
}
