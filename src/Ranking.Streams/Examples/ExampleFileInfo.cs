using System.Globalization;
using Ranking.Features.Errors;
using Ranking.Features.Spec;

namespace Ranking.Streams.Examples;

/// <summary>What a Parquet file of examples says of itself.</summary>
/// <param name="FeatureHash">Hash of the events, labels, features and groups that its examples were made with.</param>
/// <param name="UserFrozenAtMs">Where the users' own aggregates were frozen (<c>--freeze-user-at</c>), milliseconds since 1970 UTC; null: they move.</param>
public sealed record ExampleFileInfo(string FeatureHash, long? UserFrozenAtMs = null)
{
    /// <summary>The newest format that is understood.</summary>
    public const int CurrentFormat = 1;

    const string FormatKey = "ranking.format", HashKey = "ranking.feature_hash", FrozenKey = "ranking.user_frozen_at_ms";

    internal IReadOnlyDictionary<string, string> ToMetadata()
    {
        Dictionary<string, string> metadata = new() { [FormatKey] = CurrentFormat.ToString(CultureInfo.InvariantCulture), [HashKey] = FeatureHash };
        if (UserFrozenAtMs is { } frozen) metadata[FrozenKey] = frozen.ToString(CultureInfo.InvariantCulture);
        return metadata;
    }

    internal static ExampleFileInfo Read(IReadOnlyDictionary<string, string>? metadata, string path, RankingSpec spec)
    {
        if (metadata is null || !metadata.TryGetValue(HashKey, out string? hash) || !int.TryParse(metadata.GetValueOrDefault(FormatKey), NumberStyles.None, CultureInfo.InvariantCulture, out int format))
            throw new RankingException(ErrorCodes.ExamplesInvalid, $"{path} is a Parquet file, but not of examples: its metadata has no '{HashKey}'. Write it with `ranking examples`.");
        if (format > CurrentFormat) throw new RankingException(ErrorCodes.FormatNewer, $"{path} has format {format}; this program reads up to format {CurrentFormat}. Use a newer one.");
        if (hash != spec.FeatureHash)
            throw new RankingException(ErrorCodes.ExamplesInvalid, $"{path} was written for the features {hash}; the spec '{spec.Name}' has {spec.FeatureHash}. Write it anew with `ranking examples`.");
        return new ExampleFileInfo(hash, long.TryParse(metadata.GetValueOrDefault(FrozenKey), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long frozen) ? frozen : null);
    }
}
