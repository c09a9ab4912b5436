using System.CommandLine;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Mbat;

namespace Ranking.Cli.Parsing;

/// <summary>The options that say how documents become vectors.</summary>
internal sealed class EncoderOptions
{
    readonly Option<int> dimension = OptionFactory.Integer("--dim", "Numbers in a vector, a multiple of 16.", 256, 16, 1 << 16);
    readonly Option<ulong> seed = OptionFactory.Seed("--seed", "Seed of atoms and keys.", 0);
    readonly Option<string> keys = OptionFactory.Choice("--keys", "How a key turns what stands under it.", ["permutation", "haar", "butterfly"], "permutation");
    readonly Option<string?> settings = OptionFactory.Text("--settings", "JSON file of encoder settings, such as the .settings.json beside a file of vectors; the options above win.", "FILE"),
        spec = OptionFactory.Text("--spec", "Folder of a feature spec, whose mbat section holds the settings.", "DIR");

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[dimension, seed, keys, settings, spec]) command.Add(option);
    }

    /// <summary>The encoder that the run asks for.</summary>
    /// <param name="run">The run.</param>
    /// <param name="recorded">Settings recorded with the data; what the command line says must agree with them.</param>
    public MbatEncoder Encoder(Invocation run, MbatSettings? recorded = null)
    {
        try
        {
            MbatSettings chosen = run.Get(settings) is { } file ? MbatSettings.FromJson(File.ReadAllBytes(file))
                : run.Get(spec) is { } folder ? new FeaturePlan(SpecOptions.Read(folder)).Mbat
                : recorded ?? new();
            if (run.Has(dimension)) chosen = chosen with { Dimension = run.Get(dimension) };
            if (run.Has(seed)) chosen = chosen with { Seed = run.Get(seed) };
            if (run.Has(keys)) chosen = chosen with { Keys = Enum.Parse<KeyKind>(run.Get(keys), ignoreCase: true) };
            chosen.Validate();
            if (recorded is not null && recorded.Hash() != chosen.Hash())
            {
                throw new RankingException(ErrorCodes.EncoderDiffers,
                    $"the data was encoded with dimension {recorded.Dimension}, seed {recorded.Seed}, keys {recorded.Keys}, settings {recorded.Hash()}; asked for: {chosen.Dimension}, {chosen.Seed}, {chosen.Keys}, {chosen.Hash()}");
            }
            return new(chosen);
        }
        catch (Exception e) when (e is ArgumentException or System.Text.Json.JsonException)
        {
            throw new RankingException(ErrorCodes.EncoderSettings, e.Message, e);
        }
    }
}
