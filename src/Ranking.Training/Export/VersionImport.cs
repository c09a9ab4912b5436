using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Features.Spec.Writing;
using Ranking.Models;
using Ranking.Models.Export;
using Ranking.Models.Trees;
using Ranking.Training.Registry;

namespace Ranking.Training.Export;

/// <summary>A version from safetensors files, as <see cref="VersionExport"/> writes them: trained elsewhere, or taken from another registry.</summary>
public static class VersionImport
{
    /// <summary>Reads the files under a spec and publishes them as a version.</summary>
    /// <param name="registry">Where to.</param>
    /// <param name="name">Of the model.</param>
    /// <param name="spec">What the files must fit: names and shapes are checked.</param>
    /// <param name="folder">Of the files.</param>
    /// <exception cref="RankingException">They do not fit; the message says what.</exception>
    public static ModelVersion Publish(ModelRegistry registry, string name, RankingSpec spec, string folder)
    {
        if (TreeModel.IsKind(spec.Model.Kind))
            throw new RankingException(ErrorCodes.ImportRefused, $"model.kind is '{spec.Model.Kind}'; only neural kinds are imported from safetensors files.");
        RefuseOtherFeatures(spec, Path.Combine(folder, VersionExport.CardFile));
        using RankingModel model = Read();
        VersionInfo info = new()
        {
            Kind = spec.Model.Kind,
            FeatureHash = spec.FeatureHash,
            SpecHash = spec.SpecHash,
            Seed = spec.Training.Seed,
            Machine = MachineInfo.Current("cpu"),
        };
        return registry.Publish(name, info, place =>
        {
            model.Save(place);
            File.WriteAllBytes(Path.Combine(place, ModelVersion.SpecFile), SpecWriter.ToJson(spec, indented: true));
        });

        RankingModel Read()
        {
            try
            {
                return ModelImport.Read(folder, FeatureLayout.Of(spec), spec.Model, (ulong)spec.Training.Seed, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            }
            catch (InvalidDataException error)
            {
                throw new RankingException(ErrorCodes.ImportRefused, error.Message, error);
            }
            catch (ArgumentException error)
            {
                throw new RankingException(ErrorCodes.ModelSettings, error.Message, error);
            }
        }
    }

    /// <summary>Weights of our own export say of which features they are; equal shapes would not show that two groups changed places.</summary>
    static void RefuseOtherFeatures(RankingSpec spec, string card)
    {
        if (!File.Exists(card)) return;
        string? found;
        try { found = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(card)).GetProperty("feature_hash").GetString(); }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new RankingException(ErrorCodes.ImportRefused, $"{card}: no card of an export ({error.Message})", error);
        }
        if (found != spec.FeatureHash)
            throw new RankingException(ErrorCodes.ImportRefused, $"{card}: found the features {found}, the spec's are {spec.FeatureHash}: it has other events, labels, features or groups.");
    }
}
