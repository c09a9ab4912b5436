using CsCheck;

namespace Ranking.Mbat.Tests;

/// <summary>Section 5.1 and 5.3 of the page: orthogonal, deep, and nothing that ought to differ is the same.</summary>
public class KeyTests
{
    public static TheoryData<KeyKind, int> Kinds => new()
    {
        { KeyKind.Permutation, 48 }, { KeyKind.Permutation, 256 }, { KeyKind.Butterfly, 16 }, { KeyKind.Butterfly, 48 },
        { KeyKind.Butterfly, 256 }, { KeyKind.Butterfly, 32 }, { KeyKind.Haar, 48 }, { KeyKind.Haar, 128 },
    };

    [Theory, MemberData(nameof(Kinds))]
    public void Matrices_are_orthogonal_and_do_not_commute(KeyKind kind, int dimension)
    {
        EncoderContext context = new(new MbatSettings { Dimension = dimension, Keys = kind });
        KeyMatrix a = context.Matrices[1], b = context.Matrices[2];
        double[,] product = new double[dimension, dimension];
        float[][] columns = [.. Enumerable.Range(0, dimension).Select(i => Times(a, Unit(i, dimension)))];
        for (int i = 0; i < dimension; i++)
        {
            for (int j = 0; j <= i; j++)
                Assert.Equal(i == j ? 1 : 0, Documents.Cosine(columns[i], columns[j]), 1e-5);
            float[] back = new float[dimension];
            a.ApplyTransposed(columns[i], back);
            for (int j = 0; j < dimension; j++)
                Assert.Equal(i == j ? 1 : 0, back[j], 1e-5);
        }
        float[] x = Unit(3, dimension);
        Assert.InRange(Documents.Cosine(Times(a, Times(b, x)), Times(b, Times(a, x))), -0.6, 0.6);
    }

    [Fact]
    public void Block_permutations_compose_as_matrices_do()
    {
        Gen.Select(Gen.ULong, Gen.ULong, Gen.Int[1, 20]).Sample((first, second, blocks) =>
        {
            ShuffleBank bank = new(3);
            BlockPermutation a = new(16 * blocks), b = new(16 * blocks), both = new(16 * blocks);
            a.Draw(first, bank);
            b.Draw(second, bank);
            both.Compose(a, b);
            float[] x = [.. Enumerable.Range(0, 16 * blocks).Select(i => i + 1f)], inner = new float[x.Length], outer = new float[x.Length], direct = new float[x.Length];
            b.Apply(x, inner);
            a.Apply(inner, outer);
            both.Apply(x, direct);
            Assert.Equal(outer, direct);
            // The scalar way and the vector way agree, and each value is there once.
            int[] whole = new int[x.Length];
            both.Apply([.. x.Select(v => (int)v)], whole);
            Assert.Equal(whole.Select(v => (float)v), direct);
            Assert.Equal(x, whole.Select(v => (float)Math.Abs(v)).Order());
            a.Compose(a, b);
            Assert.Equal(both.Lanes, a.Lanes);
            Assert.Equal(both.Blocks, a.Blocks);
        });
    }

    [Theory]
    [InlineData(KeyKind.Permutation, 1e-6)]
    [InlineData(KeyKind.Butterfly, 1e-3)]
    [InlineData(KeyKind.Haar, 1e-3)]
    public void Norms_and_similarities_are_kept_to_depth_64(KeyKind kind, double error)
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = 256, Keys = kind, MaxDepth = 70, Normalization = Normalization.Raw });
        double flat = encoder.Cosine("\"red green blue\"", "\"red green grey\"");
        string Nest(string leaf, int depth) => string.Concat(Enumerable.Range(0, depth).Select(i => $"{{\"k{i % 5}\":")) + leaf + new string('}', depth);
        foreach (int depth in new[] { 1, 8, 64 })
            Assert.Equal(flat, encoder.Cosine(Nest("\"red green blue\"", depth), Nest("\"red green grey\"", depth)), error);
    }

    [Theory]
    [InlineData(KeyKind.Butterfly, Normalization.Unit)]
    [InlineData(KeyKind.Butterfly, Normalization.Raw)]
    [InlineData(KeyKind.Haar, Normalization.Unit)]
    [InlineData(KeyKind.Haar, Normalization.Raw)]
    public void Spelling_changes_nothing_with_matrices_either(KeyKind kind, Normalization normalization)
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = 48, Keys = kind, Normalization = normalization });
        Documents.Json().Sample(json =>
        {
            string last = Documents.LastWins(json);
            float[] vector = encoder.Encode(last);
            Assert.Equal(vector, encoder.Encode(Documents.Disguise(last)));
            Assert.Equal(vector, encoder.Encode(json));
            Assert.Equal(1, Documents.Cosine(vector, vector), 1e-5);
        }, iter: 300);
    }

    [Theory]
    [InlineData(KeyKind.Permutation)]
    [InlineData(KeyKind.Butterfly)]
    [InlineData(KeyKind.Haar)]
    public void What_ought_to_differ_is_unrelated(KeyKind kind)
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = 1024, Keys = kind == KeyKind.Haar ? KeyKind.Permutation : kind });
        if (kind == KeyKind.Haar)
            encoder = new(new MbatSettings { Dimension = 256, Keys = kind });
        double noise = 5 / Math.Sqrt(encoder.Dimension);
        (string, string)[] pairs =
        [
            ("{\"a\":{\"b\":\"x\"}}", "{\"b\":{\"a\":\"x\"}}"), ("{\"k\":\"v\"}", "{\"v\":\"k\"}"), ("{\"a\":\"x\"}", "\"x\""), ("{\"a\":\"x\"}", "{\"a\":{\"a\":\"x\"}}"),
            ("[\"x\"]", "\"x\""), ("[\"x\"]", "[[\"x\"]]"), ("[\"x\",\"y\"]", "[\"y\",\"x\"]"), ("{\"a\":[\"x\"]}", "[{\"a\":\"x\"}]"), ("{\"\":1}", "1"), ("{\"a\":\"x\"}", "{\"A\":\"x\"}"),
        ];
        foreach ((string a, string b) in pairs)
            Assert.InRange(encoder.Cosine(a, b), -noise, noise);
        string[] atoms = ["\"1\"", "1", "true", "null", "\"true\"", "\"null\"", "[]", "{}", "\"\"", "false", "[null]", "[[]]", "{\"a\":null}"];
        for (int i = 0; i < atoms.Length; i++)
        {
            for (int j = 0; j < i; j++)
                Assert.InRange(encoder.Cosine(atoms[i], atoms[j]), -noise, noise);
        }
        Assert.InRange(encoder.Cosine("{\"a\":\"x\"}", "{\"a\":\"x\",\"b\":null}"), 0.6, 0.8);
        // With one matrix for positions, (0, 1) and (1, 0) would be the same place.
        Assert.InRange(encoder.Cosine("[[\"p\",\"q\"],[\"r\"]]", "[[\"p\",\"r\"],[\"q\"]]"), 0.1, 0.6);
        Assert.InRange(encoder.Cosine("[[null,\"q\"],[null]]", "[[null,null],[\"q\"]]"), 0.1, 0.6);
    }

    private static float[] Unit(int i, int dimension)
    {
        float[] unit = new float[dimension];
        unit[i] = 1;
        return unit;
    }

    private static float[] Times(KeyMatrix matrix, float[] x)
    {
        float[] y = new float[x.Length];
        matrix.Apply(x, y);
        return y;
    }
}
