namespace Ranking.Mbat;

/// <summary>What all threads of an encoder share: settings, hashes, scales. Immutable.</summary>
internal sealed class EncoderContext
{
    public EncoderContext(MbatSettings settings)
    {
        settings.Validate();
        Settings = settings;
        Keys = new KeyHashes(settings.Seed);
        Matrices = new MatrixCache(settings, Keys);
        Leaves = new LeafHashes(settings.Seed);
        Rules = new PathRules(settings, Keys);
        Scale = new NumberScale(NumberScale.SignedLog(), settings.Dimension, Leaves.Number);
        ExactCoordinates = NumberScale.Share(settings.NumberIdentity, settings.Dimension, Leaves.Number);
    }

    public MbatSettings Settings { get; }

    public KeyHashes Keys { get; }

    public LeafHashes Leaves { get; }

    public PathRules Rules { get; }

    /// <summary>The common thermometer.</summary>
    public NumberScale Scale { get; }

    /// <summary>Bits of the coordinates that carry a number's exact value.</summary>
    public ulong[] ExactCoordinates { get; }

    /// <summary>M_k for the kinds that are held as matrices, and for decoding.</summary>
    public MatrixCache Matrices { get; }

    public Frames NewFrames() => Settings.Keys == KeyKind.Permutation
        ? new PermutationFrames(Settings.Dimension, Keys)
        : new MatrixFrames(Settings.Dimension, Keys, Matrices);
}
