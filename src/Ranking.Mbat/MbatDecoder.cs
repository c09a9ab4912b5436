using System.Text;

namespace Ranking.Mbat;

/// <summary>A value that decoding found.</summary>
/// <param name="Value">The codebook's JSON text.</param>
/// <param name="Cosine">Cosine of the unbound vector with the value's.</param>
/// <param name="Confidence">Chance that no other entry would come as close if none were there: 0 to 1.</param>
/// <param name="RunnerUp">The second best cosine; −1 for a codebook of one.</param>
public readonly record struct DecodedValue(string Value, double Cosine, double Confidence, double RunnerUp);

/// <summary>The values that a path may hold, with their vectors.</summary>
public sealed class Codebook
{
    /// <summary>Encodes values, each a JSON text: <c>"red"</c>, <c>7</c>, <c>{"a": 1}</c>.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    /// <exception cref="MbatFormatException">A value is no JSON.</exception>
    public Codebook(MbatEncoder encoder, IEnumerable<string> values)
    {
        Values = [.. values.Distinct(StringComparer.Ordinal)];
        if (Values.Count == 0)
            throw new ArgumentException("the codebook is empty");
        SettingsHash = encoder.SettingsHash;
        Vectors = [.. Values.Select(encoder.Encode)];
    }

    /// <summary>The JSON texts.</summary>
    public IReadOnlyList<string> Values { get; }

    internal string SettingsHash { get; }

    internal IReadOnlyList<float[]> Vectors { get; }
}

/// <summary>
/// Reads values back out of a document's vector: <c>q = M_bᵀ M_aᵀ V</c> for the path <c>a.b</c>, (M_SEQᵀ)^i M_ARRᵀ for an
/// index, then the nearest entry of a codebook (papers/mbat, section 2). Works while the value's share of the vector
/// exceeds the noise of N entries, a cosine of about √(2 ln N / D).
/// </summary>
public sealed class MbatDecoder(MbatEncoder encoder)
{
    private readonly EncoderContext _context = encoder.Context;

    /// <summary>Undoes the keys and positions of a path.</summary>
    /// <param name="vector">The document's D floats.</param>
    /// <param name="path">Such as <c>author.name</c> or <c>tags[0]</c>; <c>""</c> is the document. Elements of an array in set mode are <c>tags[0]</c> whatever their place.</param>
    /// <exception cref="ArgumentException">The path is none, or the vector is not D long.</exception>
    public float[] Unbind(ReadOnlySpan<float> vector, string path)
    {
        if (vector.Length != _context.Settings.Dimension)
            throw new ArgumentException($"the vector has {vector.Length} numbers, {_context.Settings.Dimension} are expected");
        float[] value = vector.ToArray(), next = new float[value.Length];
        int rule = _context.Rules.Root;
        foreach (JsonPathStep step in JsonPath.Parse(path))
        {
            if (step.Kind == JsonPathStepKind.AnyKey)
                throw new ArgumentException($"path '{path}': '*' names no value; escape it as \\* where it is a key");
            if (step.Kind == JsonPathStepKind.Key)
            {
                ulong key = _context.Keys.Key(Encoding.UTF8.GetBytes(step.Key));
                rule = _context.Rules.Child(rule, key);
                _context.Matrices[key].ApplyTransposed(value, next);
                (value, next) = (next, value);
                continue;
            }
            Undo(_context.Keys.Array, ref value, ref next);
            ArrayMode mode = rule == PathRules.None ? _context.Settings.Arrays : _context.Rules[rule].Arrays;
            for (int i = 0; mode == ArrayMode.Sequence && i <= step.Index; i++)
                Undo(_context.Keys.Sequence, ref value, ref next);
        }
        return value;
    }

    /// <summary>The codebook's entry that is nearest to the value at a path.</summary>
    /// <exception cref="ArgumentException">The path or the vector is wrong, or the codebook was made with other settings.</exception>
    public DecodedValue Decode(ReadOnlySpan<float> vector, string path, Codebook codebook)
    {
        if (codebook.SettingsHash != encoder.SettingsHash)
            throw new ArgumentException($"the codebook has settings {codebook.SettingsHash}, {encoder.SettingsHash} are expected");
        float[] value = Unbind(vector, path);
        double length = Math.Sqrt(Dot(value, value));
        int best = -1;
        double cosine = -2, runnerUp = -1;
        for (int i = 0; i < codebook.Vectors.Count; i++)
        {
            double similarity = length == 0 ? 0 : Dot(value, codebook.Vectors[i]) / length;
            if (similarity > cosine)
                (best, cosine, runnerUp) = (i, similarity, Math.Max(cosine, -1));
            else
                runnerUp = Math.Max(runnerUp, similarity);
        }
        // An unrelated entry's cosine is near normal with standard deviation 1/√D.
        double below = 1 - UpperTail(cosine * Math.Sqrt(value.Length));
        return new(codebook.Values[best], cosine, Math.Pow(below, codebook.Values.Count), runnerUp);
    }

    /// <summary>Q(x), the chance that a standard normal exceeds x (Abramowitz and Stegun 26.2.17, error below 10⁻⁷).</summary>
    internal static double UpperTail(double x)
    {
        if (x < 0)
            return 1 - UpperTail(-x);
        double t = 1 / (1 + 0.2316419 * x);
        double series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI) * series;
    }

    private void Undo(ulong position, ref float[] value, ref float[] next)
    {
        BlockPermutation permutation = new(value.Length);
        permutation.Draw(position, _context.Keys.Bank);
        permutation.ApplyTransposed(value, next);
        (value, next) = (next, value);
    }

    private static double Dot(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }
}
