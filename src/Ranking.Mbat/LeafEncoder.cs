using System.Globalization;

namespace Ranking.Mbat;

/// <summary>
/// Leaves: words, numbers, atoms. <c>weight</c> is 1 unless paths say otherwise, negative to take a value back;
/// <c>path</c> is the hash of the key path, by which learned weights are found.
/// </summary>
internal sealed class LeafEncoder(EncoderContext context, Frames frames, Action<ulong>? observer)
{
    private readonly MbatSettings _settings = context.Settings;
    private readonly bool _unit = context.Settings.Normalization == Normalization.Unit;
    private readonly ulong[] _bits = new ulong[Bits.Words(context.Settings.Dimension)];
    private readonly WordBag _bag = new(context.Settings.Dimension);
    private readonly NGrams _grams = new(context.Settings.CharacterNGrams);
    private byte[] _word = new byte[64];

    public void Atom(ulong atom, double weight, ulong path) => AddHash(atom, atom, weight, path);

    public void Number(ReadOnlySpan<byte> text, NumberScale? scale, double weight, ulong path)
    {
        ulong exact = DecimalText.Hash(text, context.Leaves.Number);
        // Beyond a double's range this is infinite, which stands on the right side of every threshold.
        double value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (scale is not null)
        {
            scale.Of(value).CopyTo(_bits);
        }
        else
        {
            ReadOnlySpan<ulong> level = context.Scale.Of(value), share = context.ExactCoordinates;
            Bits.Draw(exact, _bits);
            for (int i = 0; i < _bits.Length; i++)
                _bits[i] = (_bits[i] & share[i]) | (level[i] & ~share[i]);
        }
        AddBits(_bits, exact, weight, path);
    }

    /// <param name="text">Unescaped.</param>
    /// <param name="weight">Weight of the string.</param>
    /// <param name="path">Hash of its key path.</param>
    /// <param name="root">Whether it is the whole document, which is brought to unit length anyway.</param>
    public void Text(ReadOnlySpan<byte> text, double weight, ulong path, bool root)
    {
        if (text.IsEmpty)
        {
            Atom(context.Leaves.EmptyString, weight, path);
            return;
        }
        bool apart = _unit && !root;
        bool counted = _settings.LeafWeights is null && _settings.CharacterNGrams == 0 && observer is null;
        double words = AlsoAsValue(text, weight, path) ? weight * HalfTheEnergy : weight;
        if (counted)
        {
            Counted(text, words, apart);
            return;
        }
        if (apart)
            frames.OpenNode();
        Each(text, apart ? 1 : words, path);
        if (apart)
            frames.CloseNode(words);
    }

    // A number or a date in a string: half of the string's energy goes to the value.
    private bool AlsoAsValue(ReadOnlySpan<byte> text, double weight, ulong path)
    {
        if (_settings.NumbersInStrings && DecimalText.IsNumber(text))
        {
            Number(text, null, weight * HalfTheEnergy, path);
            return true;
        }
        if (_settings.DatesInStrings && IsoDate.TryParse(text, out long seconds))
        {
            IsoDate.Draw(seconds, context.Leaves.Time, _bits);
            AddBits(_bits, StableHash.Pair(context.Leaves.Time, (ulong)seconds), weight * HalfTheEnergy, path);
            return true;
        }
        return false;
    }

    // All words weigh the same: they are added before they are permuted.
    private void Counted(ReadOnlySpan<byte> text, double weight, bool apart)
    {
        WordReader reader = new(text, ref _word);
        ReadOnlySpan<byte> word = reader.Next();
        ulong first = StableHash.Of(word.IsEmpty ? text : word, context.Leaves.Word);
        word = word.IsEmpty ? word : reader.Next();
        if (word.IsEmpty)
        {
            AddHash(first, first, weight, 0);
            return;
        }
        if (apart)
            frames.OpenNode();
        int fixedWeight = Fixed(apart ? 1 : weight);
        int most = (1 << 29) / Math.Max(1, Math.Abs(fixedWeight));
        _bag.Add(first);
        for (; !word.IsEmpty; word = reader.Next())
        {
            if (_bag.Count >= most || _bag.Count == WordBag.Capacity)
                Flush(fixedWeight);
            _bag.Add(StableHash.Of(word, context.Leaves.Word));
        }
        Flush(fixedWeight);
        if (apart)
            frames.CloseNode(weight);
    }

    private void Flush(int weight)
    {
        frames.Add(_bag, weight);
        _bag.Clear();
    }

    private void Each(ReadOnlySpan<byte> text, double weight, ulong path)
    {
        WordReader reader = new(text, ref _word);
        ReadOnlySpan<byte> word = reader.Next();
        if (word.IsEmpty)
        {
            ulong whole = StableHash.Of(text, context.Leaves.Word);
            AddHash(whole, whole, weight, path);
        }
        for (; !word.IsEmpty; word = reader.Next())
        {
            Word(word, weight, path);
        }
    }

    private void Word(ReadOnlySpan<byte> word, double weight, ulong path)
    {
        ulong hash = StableHash.Of(word, context.Leaves.Word);
        if (_settings.CharacterNGrams == 0 || observer is not null)
        {
            AddHash(hash, hash, weight, path);
            return;
        }
        AddHash(hash, hash, weight * Math.Sqrt(1 - _settings.NGramShare), path);
        int count = _grams.Split(word);
        for (int gram = 0; gram < count; gram++)
            AddHash(StableHash.Of(_grams[gram], context.Leaves.NGram), hash, weight * Math.Sqrt(_settings.NGramShare / count), path);
    }

    private void AddHash(ulong hash, ulong leaf, double weight, ulong path)
    {
        Bits.Draw(hash, _bits);
        AddBits(_bits, leaf, weight, path);
    }

    private void AddBits(ReadOnlySpan<ulong> bits, ulong leaf, double weight, ulong path)
    {
        ulong feature = StableHash.Pair(path, leaf);
        if (observer is not null)
        {
            observer(feature);
            return;
        }
        if (_settings.LeafWeights is not null)
            weight *= _settings.LeafWeights[feature];
        frames.Add(bits, Fixed(weight));
    }

    /// <summary>A weight in fixed point, held to what a 32-bit sum can take.</summary>
    private static int Fixed(double weight) => (int)Math.Round(Math.Clamp(weight, -MaxWeight, MaxWeight) * Accumulator.One);

    // 1/√2: two independent parts of it have length 1 together.
    private const double HalfTheEnergy = 0.70710678118654752;

    /// <summary>Largest weight of a leaf or node, after all weights along its path.</summary>
    public const double MaxWeight = 1024;
}
