using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Mbat;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking bench encode</c>: documents a second that one thread turns into vectors, beside the JSON parser alone on the same documents.</summary>
internal sealed class BenchEncodeCommand : RankingCommand
{
    const int MostBytes = 64 << 20; // Beyond the caches and far below memory: the disk is no part of it.
    readonly EncoderOptions encoderOptions = new();
    readonly Option<TimeSpan?> duration = OptionFactory.Duration("--duration", "How long each of the two is measured; 3 s by default.");
    readonly Argument<string> input = new("FILE") { Description = "JSON lines or a JSON array, plain or gzip; its first 64 MiB are encoded over and over." };

    public BenchEncodeCommand() : base("encode", "Measure how many documents a second one thread encodes.", "ranking bench encode documents.jsonl --dim 1024")
    {
        encoderOptions.AddTo(this);
        Add(duration);
        Add(input);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        MbatEncoder encoder = encoderOptions.Encoder(run);
        List<byte[]> documents = Read(run.Get(input));
        TimeSpan time = run.Get(duration) ?? TimeSpan.FromSeconds(3);
        float[] vector = new float[encoder.Dimension];
        (double parsed, double encoded) = await Progress.Run(run.Terminal, progress =>
        {
            using Progress.Step step = progress.Begin("encode");
            double Measure(Action<byte[]> one)
            {
                PerSecond(documents, one, time / 3, run.Stopping); // warms it up
                return PerSecond(documents, one, time, run.Stopping);
            }
            return Task.FromResult((Measure(d => JsonDocument.Parse(d).Dispose()), Measure(d => encoder.Encode(d, vector))));
        });
        double bytes = documents.Average(d => d.Length);
        run.Terminal.Result(new { documents = documents.Count, bytes_each = bytes, dimension = encoder.Dimension, documents_per_s = encoded, mb_per_s = encoded * bytes / 1e6, parsed_per_s = parsed },
            console => console.WriteLine(FormattableString.Invariant($"{documents.Count} documents of {bytes:F0} bytes, dimension {encoder.Dimension}: {encoded:N0} a second by one thread, {encoded * bytes / 1e6:F1} MB/s; the JSON parser alone {parsed:N0} a second")));
        return 0;
    }

    static List<byte[]> Read(string file)
    {
        List<byte[]> documents = [];
        using CorpusReader corpus = CorpusReader.Open(file);
        while (corpus.BytesRead < MostBytes && corpus.Read(out CorpusDocument document)) documents.Add(document.Json.ToArray());
        return documents.Count > 0 ? documents : throw new RankingException(ErrorCodes.WrongUsage, $"FILE: {file} holds no document");
    }

    static double PerSecond(List<byte[]> documents, Action<byte[]> one, TimeSpan time, CancellationToken stopping)
    {
        long done = 0;
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            stopping.ThrowIfCancellationRequested();
            for (int i = 0; i < 256; i++) one(documents[(int)((done + i) % documents.Count)]);
            done += 256;
        }
        return done / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
