using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ranking.Mbat.Tests;

/// <summary>
/// The encoder as the page has it: a document tree, sums from the leaves up in 64-bit integers, each key applied to the
/// whole vector of its value. Slow and short; the real one must give the same bits.
/// </summary>
internal sealed class NaiveEncoder(MbatSettings settings)
{
    private readonly EncoderContext _context = new(settings);
    private readonly int _dimension = settings.Dimension;

    public float[] Encode(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        long[] sum = Value(document.RootElement, root: true);
        double length = Math.Sqrt(sum.Sum(x => (double)x * x));
        return [.. sum.Select(x => length == 0 ? 0 : (float)(x * (1 / length)))];
    }

    private long[] Value(JsonElement value, bool root)
    {
        LeafHashes atoms = _context.Leaves;
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                // The last of equal keys counts.
                Dictionary<string, JsonElement> members = value.EnumerateObject().GroupBy(p => p.Name).ToDictionary(g => g.Key, g => g.Last().Value);
                return members.Count == 0
                    ? Leaf(atoms.EmptyObject)
                    : Node(members.Select(m => Bind(_context.Keys.Key(Encoding.UTF8.GetBytes(m.Key)), Value(m.Value, false))), root);
            case JsonValueKind.Array:
                List<long[]> elements = [.. value.EnumerateArray().Select(e => Value(e, false))];
                for (int i = 0; i < elements.Count && settings.Arrays == ArrayMode.Sequence; i++)
                {
                    for (int power = 0; power <= i; power++)
                        elements[i] = Bind(_context.Keys.Sequence, elements[i]);
                }
                return elements.Count == 0 ? Leaf(atoms.EmptyArray) : Node(elements.Select(e => Bind(_context.Keys.Array, e)), root);
            case JsonValueKind.String:
                return Text(value.GetString()!, root);
            case JsonValueKind.Number:
                return Number(value.GetRawText());
            case JsonValueKind.True:
                return Leaf(atoms.True);
            case JsonValueKind.False:
                return Leaf(atoms.False);
            default:
                return Leaf(atoms.Null);
        }
    }

    private long[] Text(string text, bool root)
    {
        if (text.Length == 0)
            return Leaf(_context.Leaves.EmptyString);
        List<string> words = [.. text.ToLowerInvariant().Split([' ', '.', ',', '-', '!'], StringSplitOptions.RemoveEmptyEntries)];
        if (words.Count == 0)
            words.Add(text);
        IEnumerable<long[]> leaves = words.Select(w => Leaf(StableHash.Of(Encoding.UTF8.GetBytes(w), _context.Leaves.Word)));
        return words.Count == 1 ? leaves.Single() : Node(leaves, root);
    }

    private long[] Number(string text)
    {
        ulong[] exact = new ulong[Bits.Words(_dimension)];
        Bits.Draw(DecimalText.Hash(Encoding.UTF8.GetBytes(text), _context.Leaves.Number), exact);
        ulong[] level = _context.Scale.Of(double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return FromBits([.. exact.Select((e, i) => (e & _context.ExactCoordinates[i]) | (level[i] & ~_context.ExactCoordinates[i]))]);
    }

    private long[] Leaf(ulong hash)
    {
        ulong[] bits = new ulong[Bits.Words(_dimension)];
        Bits.Draw(hash, bits);
        return FromBits(bits);
    }

    // Element j of a block of 16 is the bit 15 − j of the block's 16 bits.
    private long[] FromBits(ulong[] bits)
    {
        long[] vector = new long[_dimension];
        for (int i = 0; i < _dimension; i++)
        {
            int block = (int)(bits[i / 64] >> 16 * (i / 16 % 4)) & 0xFFFF;
            vector[i] = (block >> (15 - i % 16) & 1) == 1 ? -Accumulator.One : Accumulator.One;
        }
        return vector;
    }

    private long[] Node(IEnumerable<long[]> parts, bool root)
    {
        long[] sum = new long[_dimension];
        foreach (long[] part in parts)
        {
            for (int i = 0; i < _dimension; i++)
                sum[i] += part[i];
        }
        if (root || settings.Normalization == Normalization.Raw)
            return sum;
        double square = (double)sum.Aggregate((UInt128)0, (total, x) => total + (UInt128)((Int128)x * x));
        float scale = square == 0 ? 0 : (float)(1.0 * Accumulator.One * Math.Sqrt(_dimension) / Math.Sqrt(square));
        return [.. sum.Select(x => (long)MathF.Round(x * scale, MidpointRounding.ToEven))];
    }

    private long[] Bind(ulong key, long[] value)
    {
        BlockPermutation matrix = new(_dimension);
        matrix.Draw(key, _context.Keys.Bank);
        int[] target = new int[_dimension];
        matrix.Apply([.. value.Select(x => (int)x)], target);
        return [.. target.Select(x => (long)x)];
    }
}
