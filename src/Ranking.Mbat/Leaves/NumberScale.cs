namespace Ranking.Mbat;

/// <summary>
/// Thermometer vectors: each of J thresholds owns D/J coordinates, drawn at random, which are + r where x ≥ t_j and − r
/// below. That is Σ_j ± r_j of papers/mbat, section 2, for r_j of disjoint support: leaves stay plus and minus ones, and
/// the cosine of two numbers is 1 − 2·(thresholds between them)/J.
/// </summary>
internal sealed class NumberScale
{
    private readonly double[] _thresholds;
    private readonly ulong[] _levels;
    private readonly int _words;

    /// <param name="thresholds">Rising.</param>
    /// <param name="dimension">D.</param>
    /// <param name="seed">Chooses r and who owns which coordinate.</param>
    public NumberScale(double[] thresholds, int dimension, ulong seed)
    {
        _thresholds = thresholds;
        _words = Bits.Words(dimension);
        _levels = new ulong[(thresholds.Length + 1) * _words];
        int[] order = RandomOrder(dimension, StableHash.Pair(seed, 1));
        Bits.Draw(StableHash.Pair(seed, 2), _levels.AsSpan(0, _words));
        for (int j = 0; j < thresholds.Length; j++)
        {
            Span<ulong> level = _levels.AsSpan((j + 1) * _words, _words);
            _levels.AsSpan(j * _words, _words).CopyTo(level);
            int end = (int)((long)(j + 1) * dimension / thresholds.Length);
            for (int i = (int)((long)j * dimension / thresholds.Length); i < end; i++)
                level[order[i] >> 6] ^= 1UL << (order[i] & 63);
        }
    }

    /// <summary>The vector of a number, as bits.</summary>
    public ReadOnlySpan<ulong> Of(double x)
    {
        int low = 0, high = _thresholds.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (x >= _thresholds[middle])
                low = middle + 1;
            else
                high = middle;
        }
        return _levels.AsSpan(low * _words, _words);
    }

    /// <summary>
    /// The common scale: eight thresholds a decade from 1 to 10⁹, four to two of them below 1 and beyond, one down to
    /// 10⁻⁶, the same for negative numbers, and zero. Decimal constants, so that no logarithm decides.
    /// </summary>
    public static double[] SignedLog()
    {
        ReadOnlySpan<double> eighths = [1.0, 1.33, 1.78, 2.37, 3.16, 4.22, 5.62, 7.5];
        List<double> positive = [];
        for (int decade = -6; decade <= 15; decade++)
        {
            int step = decade switch { < -2 => 8, -2 => 4, -1 => 2, <= 8 => 1, <= 11 => 2, _ => 4 };
            for (int j = 0; j < 8; j += step)
                positive.Add(double.Parse($"{eighths[j].ToString("R", System.Globalization.CultureInfo.InvariantCulture)}e{decade}", System.Globalization.CultureInfo.InvariantCulture));
        }
        // A number at or below −t counts as below −t's threshold, as one at or above t counts as above: the scale is odd.
        List<double> all = positive.Select(t => Math.BitIncrement(-t)).Reverse().ToList();
        all.AddRange(positive);
        return [.. all];
    }

    /// <summary>A random choice of this share of the coordinates, as bits.</summary>
    public static ulong[] Share(double share, int dimension, ulong seed)
    {
        ulong[] bits = new ulong[Bits.Words(dimension)];
        int[] order = RandomOrder(dimension, StableHash.Pair(seed, 3));
        for (int i = 0; i < (int)(share * dimension); i++)
            bits[order[i] >> 6] |= 1UL << (order[i] & 63);
        return bits;
    }

    private static int[] RandomOrder(int dimension, ulong seed)
    {
        int[] order = Enumerable.Range(0, dimension).ToArray();
        for (int i = dimension - 1; i > 0; i--)
        {
            int other = (int)Math.BigMul(StableHash.Stream(seed, i), (ulong)(i + 1), out _);
            (order[i], order[other]) = (order[other], order[i]);
        }
        return order;
    }
}
