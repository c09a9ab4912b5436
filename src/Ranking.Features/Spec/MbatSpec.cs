using System.ComponentModel.DataAnnotations;
using Ranking.Mbat;

namespace Ranking.Features.Spec;

/// <summary>How documents become vectors (papers/mbat.md). Vectors made with other settings are never compared.</summary>
/// <param name="Dimension">Numbers in a vector; a multiple of 16.</param>
/// <param name="Seed">Seed of atoms and keys.</param>
/// <param name="Keys">The orthogonal matrices that stand for keys: permutation (signed, the default), haar (uniformly random, up to 4,096 numbers), butterfly (products of rotations).</param>
/// <param name="Normalization">What weighs the same in a sum: unit, every value of an object or array; raw, every leaf.</param>
/// <param name="Arrays">Whether the order of an array's elements matters where no path says otherwise: sequence or set.</param>
/// <param name="NumberIdentity">Share of a number's coordinates that depend on its exact value, not on how large it is.</param>
/// <param name="CharacterNGrams">Length of the character n-grams that each word adds, 2 to 8; 0 for none.</param>
/// <param name="NGramShare">Share of a word's energy that its n-grams carry.</param>
/// <param name="NumbersInStrings">Whether a text that is a number as a whole is also encoded as one.</param>
/// <param name="DatesInStrings">Whether a text that starts as an ISO 8601 date is also encoded as a point in time.</param>
/// <param name="Paths">What differs at single key paths.</param>
public sealed record MbatSpec(
    [Range(16, 16384)] int Dimension = 256,
    ulong Seed = 0,
    KeyKind Keys = KeyKind.Permutation,
    Normalization Normalization = Normalization.Unit,
    ArrayMode Arrays = ArrayMode.Sequence,
    [Range(0.0, 1.0)] double NumberIdentity = 0.25,
    [Range(0, 8)] int CharacterNGrams = 0,
    [Range(0.0, 1.0)] double NGramShare = 0.5,
    bool NumbersInStrings = false,
    bool DatesInStrings = false,
    [Length(0, 1000)] IReadOnlyList<MbatPathSpec>? Paths = null)
{
    /// <summary>What differs at single key paths.</summary>
    public IReadOnlyList<MbatPathSpec> Paths { get; init; } = Paths ?? [];

    /// <summary>The same as an encoder takes them.</summary>
    public MbatSettings Settings => new()
    {
        Dimension = Dimension,
        Seed = Seed,
        Keys = Keys,
        Normalization = Normalization,
        Arrays = Arrays,
        NumberIdentity = NumberIdentity,
        CharacterNGrams = CharacterNGrams,
        NGramShare = NGramShare,
        NumbersInStrings = NumbersInStrings,
        DatesInStrings = DatesInStrings,
        Paths = [.. Paths.Select(p => new PathRule { Path = p.Path, Weight = p.Weight, Arrays = p.Arrays, Thresholds = p.Thresholds })],
    };
}

/// <summary>What differs at one key path of documents.</summary>
/// <param name="Path">The key path, such as author.name; elements share their array's path, * stands for any one key, "" is the document itself.</param>
/// <param name="Weight">Weight of the value there against its siblings; 0 drops it. Weights along a path multiply.</param>
/// <param name="Arrays">How an array there is encoded.</param>
/// <param name="Thresholds">Rising thresholds of the thermometer for numbers there; a signed-log scale by default.</param>
public sealed record MbatPathSpec(
    string Path,
    [Range(0.0, 100.0)] double? Weight = null,
    ArrayMode? Arrays = null,
    [Length(1, 4096)] IReadOnlyList<double>? Thresholds = null);
