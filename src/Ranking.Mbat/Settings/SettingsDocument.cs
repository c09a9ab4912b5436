namespace Ranking.Mbat;

/// <summary>Settings as they stand in JSON, where each may be absent: an init-only record would lose its defaults when read.</summary>
internal sealed class SettingsDocument
{
    public int? Dimension { get; set; }
    public ulong? Seed { get; set; }
    public KeyKind? Keys { get; set; }
    public Normalization? Normalization { get; set; }
    public ArrayMode? Arrays { get; set; }
    public DuplicateKeys? DuplicateKeys { get; set; }
    public int? MaxDepth { get; set; }
    public int? MaxKeys { get; set; }
    public int? CharacterNGrams { get; set; }
    public double? NGramShare { get; set; }
    public double? NumberIdentity { get; set; }
    public bool? NumbersInStrings { get; set; }
    public bool? DatesInStrings { get; set; }
    public IReadOnlyList<PathRule>? Paths { get; set; }
    public LeafWeights? LeafWeights { get; set; }

    public MbatSettings ToSettings()
    {
        MbatSettings d = new();
        return new()
        {
            Dimension = Dimension ?? d.Dimension,
            Seed = Seed ?? d.Seed,
            Keys = Keys ?? d.Keys,
            Normalization = Normalization ?? d.Normalization,
            Arrays = Arrays ?? d.Arrays,
            DuplicateKeys = DuplicateKeys ?? d.DuplicateKeys,
            MaxDepth = MaxDepth ?? d.MaxDepth,
            MaxKeys = MaxKeys ?? d.MaxKeys,
            CharacterNGrams = CharacterNGrams ?? d.CharacterNGrams,
            NGramShare = NGramShare ?? d.NGramShare,
            NumberIdentity = NumberIdentity ?? d.NumberIdentity,
            NumbersInStrings = NumbersInStrings ?? d.NumbersInStrings,
            DatesInStrings = DatesInStrings ?? d.DatesInStrings,
            Paths = Paths ?? d.Paths,
            LeafWeights = LeafWeights ?? d.LeafWeights,
        };
    }
}
