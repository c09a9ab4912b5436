using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Mbat;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking decode</c>: which of some values stands at a path of the documents that vectors were made of.</summary>
internal sealed class DecodeCommand : RankingCommand
{
    readonly EncoderOptions encoderOptions = new();
    readonly Option<string> path = OptionFactory.Required("--path", "Where the value stands, such as author.name or tags[0].", "P");
    readonly Option<string> codebook = OptionFactory.Required("--codebook", "The values that may stand there, one JSON text a line.", "FILE");
    readonly Argument<string> input = new("FILE") { Description = "Vectors as encode writes them." };

    public DecodeCommand() : base("decode", "Tell the value at a path of encoded documents.", "ranking decode --path colour --codebook colours.jsonl vectors.npy")
    {
        Add(path);
        Add(codebook);
        encoderOptions.AddTo(this);
        Add(input);
    }

    public override bool Streams => true;

    public override Task<int> RunAsync(Invocation run)
    {
        string file = run.Get(input);
        if (!File.Exists(file)) throw new RankingException(ErrorCodes.FileNotFound, $"{file} does not exist");
        MbatEncoder encoder = encoderOptions.Encoder(run, VectorReader.SettingsBeside(file));
        try
        {
            var values = new Codebook(encoder, File.ReadLines(run.Get(codebook)).Where(l => !string.IsNullOrWhiteSpace(l)));
            var decoder = new MbatDecoder(encoder);
            foreach ((string id, float[] vector) in VectorReader.Read(file, encoder.Dimension))
            {
                run.Stopping.ThrowIfCancellationRequested();
                DecodedValue found = decoder.Decode(vector, run.Get(path), values);
                run.Terminal.Line(new { id, value = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(found.Value), cosine = found.Cosine, confidence = found.Confidence });
            }
        }
        catch (ArgumentException e) { throw new RankingException(ErrorCodes.EncoderSettings, e.Message, e); }
        return Task.FromResult(0);
    }
}
