namespace Ranking.Mbat.Tests;

public class DecoderTests
{
    private const string Json = """{"name":"Pikachu","types":["electric","fairy","ghost"],"stats":{"speed":90,"hp":[35,{"base":"low"}]},"a.b":true}""";
    private static readonly string[] Values =
        ["\"Pikachu\"", "\"Raichu\"", "\"electric\"", "\"fairy\"", "\"ghost\"", "90", "35", "1000", "true", "false", "null", "\"low\"", "\"high\"", "{}", "[]"];

    [Theory]
    [InlineData(KeyKind.Permutation)]
    [InlineData(KeyKind.Butterfly)]
    [InlineData(KeyKind.Haar)]
    public void A_path_gives_its_value(KeyKind kind)
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = 512, Keys = kind });
        MbatDecoder decoder = new(encoder);
        Codebook codebook = new(encoder, Values);
        float[] vector = encoder.Encode(Json);
        (string, string)[] expected =
        [
            ("name", "\"Pikachu\""), ("types[0]", "\"electric\""), ("types[1]", "\"fairy\""), ("types[2]", "\"ghost\""),
            ("stats.speed", "90"), ("stats.hp[0]", "35"), ("stats.hp[1].base", "\"low\""), ("a\\.b", "true"),
        ];
        foreach ((string path, string value) in expected)
        {
            DecodedValue decoded = decoder.Decode(vector, path, codebook);
            Assert.Equal(value, decoded.Value);
            Assert.InRange(decoded.Confidence, 0.9, 1);
            Assert.True(decoded.Cosine > decoded.RunnerUp);
        }
        Assert.InRange(decoder.Decode(vector, "nothing.here", codebook).Cosine, -0.2, 0.2);
    }

    [Fact]
    public void In_set_mode_a_place_holds_all_elements()
    {
        MbatEncoder encoder = new(new MbatSettings { Arrays = ArrayMode.Set });
        DecodedValue decoded = new MbatDecoder(encoder).Decode(encoder.Encode("[\"fairy\",\"fairy\",\"ghost\"]"), "[5]", new Codebook(encoder, Values));
        Assert.Equal("\"fairy\"", decoded.Value);
        Assert.Equal(2 / Math.Sqrt(5), decoded.Cosine, 0.1);
    }

    [Fact]
    public void Accuracy_follows_the_capacity_formula()
    {
        // p_err ≲ N·S·Q(√(D/(2S−1))) for the chance that any of S keys decodes wrongly among N values.
        const int Keys = 20, Entries = 200;
        MbatEncoder encoder = new(new MbatSettings { Dimension = 512 });
        MbatDecoder decoder = new(encoder);
        Codebook codebook = new(encoder, Enumerable.Range(0, Entries).Select(i => $"\"value{i}\""));
        Random random = new(1);
        int wrong = 0, total = 0;
        for (int document = 0; document < 40; document++)
        {
            int[] values = [.. Enumerable.Range(0, Keys).Select(_ => random.Next(Entries))];
            float[] vector = encoder.Encode("{" + string.Join(",", values.Select((v, k) => $"\"k{k}\":\"value{v}\"")) + "}");
            for (int k = 0; k < Keys; k++, total++)
                wrong += decoder.Decode(vector, $"k{k}", codebook).Value == $"\"value{values[k]}\"" ? 0 : 1;
        }
        double bound = Entries * MbatDecoder.UpperTail(Math.Sqrt(512.0 / (2 * Keys - 1)));
        Assert.InRange(wrong, 0, total * bound * 1.5);
        Assert.InRange(bound, 0.01, 0.2);
    }

    [Theory]
    [InlineData("a[", "index")]
    [InlineData("*", "names no value")]
    public void Wrong_paths_are_refused(string path, string message)
    {
        MbatEncoder encoder = new(new MbatSettings());
        ArgumentException error = Assert.Throws<ArgumentException>(() => new MbatDecoder(encoder).Unbind(encoder.Encode("1"), path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Codebook other = new(new MbatEncoder(new MbatSettings { Seed = 1 }), ["1"]);
        Assert.Throws<ArgumentException>(() => new MbatDecoder(encoder).Decode(encoder.Encode("1"), "", other));
        Assert.Throws<ArgumentException>(() => new Codebook(encoder, []));
    }
}
