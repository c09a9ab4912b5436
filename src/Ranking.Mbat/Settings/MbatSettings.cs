using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ranking.Mbat;

/// <summary>
/// Everything that says which vector a document gets. Two encoders whose settings have the same
/// <see cref="Hash"/> give the same bits for the same document, on any machine.
/// </summary>
public sealed record MbatSettings
{
    /// <summary>Number of the rules of encoding; raised whenever a change of code changes a vector.</summary>
    public const int Revision = 1;

    /// <summary>Length of a vector: a multiple of 16 from 16 to 65,536. Default 256.</summary>
    public int Dimension { get; init; } = 256;

    /// <summary>Chooses all random vectors and matrices. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>The family of orthogonal matrices that keys bind with. Default <see cref="KeyKind.Permutation"/>.</summary>
    public KeyKind Keys { get; init; } = KeyKind.Permutation;

    /// <summary>Whether each value of an object or array counts the same, or each leaf. Default <see cref="Normalization.Unit"/>.</summary>
    public Normalization Normalization { get; init; } = Normalization.Unit;

    /// <summary>Whether the order of an array's elements matters, where no path says otherwise. Default <see cref="ArrayMode.Sequence"/>.</summary>
    public ArrayMode Arrays { get; init; } = ArrayMode.Sequence;

    /// <summary>What a key that an object repeats does. Does not change a vector, so it is not in the hash. Default: the last value wins.</summary>
    public DuplicateKeys DuplicateKeys { get; init; } = DuplicateKeys.LastWins;

    /// <summary>Deepest nesting of objects and arrays that is read, 1 to 1,000; not in the hash. Default 64.</summary>
    public int MaxDepth { get; init; } = 64;

    /// <summary>Most keys that the open objects of one document may hold together; not in the hash. Default 2^20.</summary>
    public int MaxKeys { get; init; } = 1 << 20;

    /// <summary>
    /// Length in code points of the character n-grams that each word adds, 2 to 8, or 0 for none. They let words that
    /// are spelled alike be similar. Default 0.
    /// </summary>
    public int CharacterNGrams { get; init; }

    /// <summary>Share of a word's energy that its n-grams carry, 0 to 1. Default 0.5; without n-grams it does nothing.</summary>
    public double NGramShare { get; init; } = 0.5;

    /// <summary>
    /// Share of a number's coordinates that depend on its exact value, 0 to 1; the rest is the thermometer. 0 makes
    /// similarity a function of the gap alone, 1 makes numbers names. Default 0.25, which serves mixed records best
    /// (benchmarks/retrieval).
    /// </summary>
    public double NumberIdentity { get; init; } = 0.25;

    /// <summary>Whether a string that is a number as a whole, such as "12.5", is also encoded as one. Default false.</summary>
    public bool NumbersInStrings { get; init; }

    /// <summary>Whether a string that starts as an ISO 8601 date is also encoded as a point in time. Default false.</summary>
    public bool DatesInStrings { get; init; }

    /// <summary>Rules for single key paths: weights, array modes, thresholds. Default none.</summary>
    public IReadOnlyList<PathRule> Paths { get; init; } = [];

    /// <summary>Weights of leaves learned from a corpus, or null for none. Default null.</summary>
    public LeafWeights? LeafWeights { get; init; }

    /// <summary>
    /// A stable name, 32 hexadecimal digits, of all that changes a vector. Vectors may be compared only when it is equal.
    /// </summary>
    public string Hash()
    {
        StringBuilder text = new();
        Append(text, "revision", Revision);
        Append(text, "dimension", Dimension);
        Append(text, "seed", Seed);
        Append(text, "keys", Keys);
        Append(text, "normalization", Normalization);
        Append(text, "arrays", Arrays);
        Append(text, "ngrams", CharacterNGrams);
        Append(text, "ngram_share", CharacterNGrams == 0 ? 0 : NGramShare);
        Append(text, "number_identity", NumberIdentity);
        Append(text, "numbers_in_strings", NumbersInStrings);
        Append(text, "dates_in_strings", DatesInStrings);
        foreach (PathRule rule in Paths.OrderBy(rule => rule.Path, StringComparer.Ordinal))
            Append(text, "path", rule.Canonical());
        if (LeafWeights is not null)
            Append(text, "leaf_weights", LeafWeights.Hash());
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }

    /// <summary>Reads settings from JSON such as <c>{"dimension": 1024, "paths": [{"path": "id", "weight": 0}]}</c>.</summary>
    /// <exception cref="MbatFormatException">No JSON, an unknown name or a value of the wrong type, with its place.</exception>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static MbatSettings FromJson(ReadOnlySpan<byte> utf8Json)
    {
        utf8Json = JsonText.Checked(utf8Json);
        try
        {
            MbatSettings settings = JsonSerializer.Deserialize(utf8Json, SettingsJson.Default.SettingsDocument)?.ToSettings()
                ?? throw new MbatFormatException(1, 1, "null was given, an object of settings is expected");
            settings.Validate();
            return settings;
        }
        catch (JsonException error)
        {
            throw JsonText.From(error, utf8Json);
        }
    }

    /// <summary>The settings as JSON that <see cref="FromJson"/> reads.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SettingsJson.Default.MbatSettings);

    /// <summary>Checks every field.</summary>
    /// <exception cref="ArgumentException">A field is out of its range; the message names field, value and range.</exception>
    public void Validate()
    {
        Check(Dimension is >= 16 and <= 65536 && Dimension % 16 == 0, "dimension", Dimension, "a multiple of 16 from 16 to 65536");
        Check(Enum.IsDefined(Keys), "keys", Keys, "permutation, haar or butterfly");
        Check(Keys != KeyKind.Haar || Dimension <= 4096, "dimension", Dimension, "at most 4096 with keys: haar");
        Check(Enum.IsDefined(Normalization), "normalization", Normalization, "unit or raw");
        Check(Enum.IsDefined(Arrays), "arrays", Arrays, "sequence or set");
        Check(Enum.IsDefined(DuplicateKeys), "duplicate_keys", DuplicateKeys, "last_wins or error");
        Check(MaxDepth is >= 1 and <= 1000, "max_depth", MaxDepth, "1 to 1000");
        Check(MaxKeys is >= 1 and <= 1 << 28, "max_keys", MaxKeys, "1 to 268435456");
        Check(CharacterNGrams is 0 or (>= 2 and <= 8), "character_n_grams", CharacterNGrams, "0, or 2 to 8");
        Check(NGramShare is >= 0 and <= 1, "n_gram_share", NGramShare, "0 to 1");
        Check(NumberIdentity is >= 0 and <= 1, "number_identity", NumberIdentity, "0 to 1");
        Check(Paths is not null, "paths", "null", "a list of rules");
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (PathRule rule in Paths!)
        {
            rule.Validate();
            Check(seen.Add(rule.Path), "paths", rule.Path, "each path once");
        }
    }

    internal static void Check(bool holds, string field, object value, string expected)
    {
        if (!holds)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{field}: {value} was given, {expected} is expected"));
    }

    private static void Append(StringBuilder text, string name, object value) =>
        text.Append(name).Append('=').Append(Convert.ToString(value, CultureInfo.InvariantCulture)).Append('\n');
}
