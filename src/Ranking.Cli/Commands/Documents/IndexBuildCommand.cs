using System.CommandLine;
using System.Text.Json;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Mbat;
using Ranking.Store.Vectors;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking index build</c>: vectors to a searchable file that carries the settings they were made with.</summary>
internal sealed class IndexBuildCommand : RankingCommand
{
    readonly EncoderOptions encoderOptions = new();
    readonly Option<string?> vectors = OptionFactory.Text("--vectors", "Vectors as encode writes them: .npy or .f32 with its .ids, or JSON lines.", "FILE"),
        documents = OptionFactory.Text("--documents", "Instead: documents as encode reads them, whose fields can then be filtered on.", "FILE");
    readonly Option<string> output = OptionFactory.Required("--out", "The index file.", "FILE");

    public IndexBuildCommand() : base("build", "Build a searchable index of vectors or documents.",
        "ranking index build --vectors vectors.npy --out documents.index", "ranking index build --spec features/kuairand --documents videos.jsonl --out videos.index")
    {
        Add(vectors);
        Add(documents);
        Add(output);
        encoderOptions.AddTo(this);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        if (run.Get(vectors) is null == run.Get(documents) is null) throw new RankingException(ErrorCodes.WrongUsage, "index build needs either --vectors or --documents");
        bool encoded = run.Get(vectors) is not null;
        string file = run.Get(vectors) ?? run.Get(documents)!, index = run.Get(output);
        if (!File.Exists(file)) throw new RankingException(ErrorCodes.FileNotFound, $"{(encoded ? "--vectors" : "--documents")}: {file} does not exist");
        MbatEncoder encoder = encoderOptions.Encoder(run, encoded ? VectorReader.SettingsBeside(file) : null);
        int count = await Progress.Run(run.Terminal, progress =>
        {
            using Progress.Step step = progress.Begin("index");
            int done = 0;
            T Counted<T>(T each)
            {
                run.Stopping.ThrowIfCancellationRequested();
                step.Report(++done);
                return each;
            }
            return Task.FromResult(encoded
                ? VectorIndex.Build(index, encoder.Settings, VectorReader.Read(file, encoder.Dimension).Select(Counted))
                : FileVectors.Build(index, encoder.Settings, Encode(file, encoder).Select(Counted)));
        });
        long bytes = new FileInfo(index).Length;
        run.Terminal.Result(new { vectors = count, dimension = encoder.Dimension, settings_hash = encoder.SettingsHash, bytes, file = index },
            console => console.WriteLine($"{count} vectors of {encoder.Dimension} numbers, {bytes} bytes in {index}"));
        return 0;
    }

    static IEnumerable<VectorDocument> Encode(string file, MbatEncoder encoder)
    {
        using CorpusReader corpus = CorpusReader.Open(file);
        while (corpus.Read(out CorpusDocument document))
        {
            float[] vector_D = new float[encoder.Dimension];
            try
            {
                encoder.Encode(document.Json.Span, vector_D);
            }
            catch (MbatFormatException e)
            {
                throw document.Locate(e);
            }
            if (!vector_D.AsSpan().ContainsAnyExcept(0f)) continue; // nothing in it counts: it has no direction
            using JsonDocument json = JsonDocument.Parse(document.Json, new() { MaxDepth = encoder.Settings.MaxDepth });
            yield return new(document.Id, vector_D, DocumentAttributes.Of(json.RootElement));
        }
    }
}
