using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Training;
using Ranking.Training.Registry;

namespace Ranking.Serving.Versions;

/// <summary>Versions of a registry's folder: what is promoted serves.</summary>
internal sealed class RegistrySource(RankerOptions options, RankingSpec spec, TimeProvider clock) : IVersionSource
{
    readonly ModelRegistry registry = new(options.Registry);
    readonly string model = options.Model ?? spec.Name;
    readonly string featureHash = spec.FeatureHash;

    public string? Wanted() => registry.Promoted(model) is { } version ? new VersionName(model, version).ToString() : null;

    public ServingVersion Load(string name)
    {
        ModelVersion version = registry.Open(VersionName.Parse(name)); // every file against its checksum
        RankingSpec own = VersionModel.SpecOf(version);
        if (own.FeatureHash != featureHash)
        {
            throw new RankingException(ErrorCodes.FeatureHashDiffers,
                $"{version} was trained with the features {own.FeatureHash}, this ranker serves {featureHash}: the spec of --spec has other events, labels, features or groups.");
        }
        IScoringModel loaded = VersionModel.Load(version);
        return new ServingVersion(version.ToString(), featureHash, own, new ModelScorer(loaded, own.Negatives.Keep), options.Limits, clock);
    }
}
