using System.Security.Cryptography;

namespace Ranking.Features.Spec.Writing;

/// <summary>Hashes that say whether two specs mean the same, however their files look.</summary>
static class SpecHashes
{
    // What decides the values of features, labels and examples. Not here: the name, where raw logs come from, how examples are
    // listed and measured, how late an event may come, how models are trained.
    static readonly string[] OfFeatures =
        ["version", "time_zone", "delay", "context", "feedback", "entities", "labels", "negatives", "features", "groups"];

    /// <summary>SHA-256, in lower-case hexadecimal, of what decides an example's contents, and of which feature lies in which table; how wide a table's rows are is the model's business.</summary>
    public static string FeatureHash(RankingSpec spec)
    {
        // How documents become vectors matters where a feature is one, and its dimension is the feature's own. Vectors that are only
        // searched have a hash of their settings beside them, so these may change while everything runs.
        bool encoded = spec.Features.Values.Any(f => f is MbatFeatureSpec);
        RankingSpec hashed = spec with { Mbat = spec.Mbat with { Dimension = new MbatSpec().Dimension } };
        return Hex(SpecWriter.Write(hashed, indented: false, name => OfFeatures.Contains(name) || (encoded && name == "mbat")));
    }

    /// <summary>SHA-256, in lower-case hexadecimal, of the whole spec.</summary>
    public static string SpecHash(RankingSpec spec) => Hex(SpecWriter.ToJson(spec));

    static string Hex(byte[] json) => Convert.ToHexStringLower(SHA256.HashData(json));
}
