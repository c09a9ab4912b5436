using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Mbat;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking index build</c>: vectors to a searchable file that carries the settings they were made with.</summary>
internal sealed class IndexBuildCommand : RankingCommand
{
    readonly EncoderOptions encoderOptions = new();
    readonly Option<string> vectors = OptionFactory.Required("--vectors", "Vectors as encode writes them: .npy or .f32 with its .ids, or JSON lines.", "FILE");
    readonly Option<string> output = OptionFactory.Required("--out", "The index file.", "FILE");

    public IndexBuildCommand() : base("build", "Build a searchable index of vectors.", "ranking index build --vectors vectors.npy --out documents.index")
    {
        Add(vectors);
        Add(output);
        encoderOptions.AddTo(this);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        string file = run.Get(vectors), index = run.Get(output);
        if (!File.Exists(file)) throw new RankingException(ErrorCodes.FileNotFound, $"--vectors: {file} does not exist");
        MbatEncoder encoder = encoderOptions.Encoder(run, VectorReader.SettingsBeside(file));
        int count = await Progress.Run(run.Terminal, progress =>
        {
            using Progress.Step step = progress.Begin("index");
            int done = 0;
            return Task.FromResult(VectorIndex.Build(index, encoder.Settings, VectorReader.Read(file, encoder.Dimension).Select(vector =>
            {
                run.Stopping.ThrowIfCancellationRequested();
                step.Report(++done);
                return vector;
            })));
        });
        long bytes = new FileInfo(index).Length;
        run.Terminal.Result(new { vectors = count, dimension = encoder.Dimension, settings_hash = encoder.SettingsHash, bytes, file = index },
            console => console.WriteLine($"{count} vectors of {encoder.Dimension} numbers, {bytes} bytes in {index}"));
        return 0;
    }
}
