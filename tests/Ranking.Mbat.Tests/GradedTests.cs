using System.Globalization;
using System.Text;

namespace Ranking.Mbat.Tests;

/// <summary>Section 5.2 of the page: similarity falls steadily with what changes.</summary>
public class GradedTests
{
    [Theory]
    [InlineData(Normalization.Unit)]
    [InlineData(Normalization.Raw)]
    public void Edits_and_words_lower_similarity_step_by_step(Normalization normalization)
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = 4096, Normalization = normalization });
        Falls(Enumerable.Range(0, 11).Select(edits => encoder.Cosine(Members(0), Members(edits))), 0);
        Falls(Enumerable.Range(0, 11).Select(edits => encoder.Cosine(Words(0), Words(edits))), 0);

        static string Members(int edits) => "{" + string.Join(",", Enumerable.Range(0, 10).Select(i => $"\"k{i}\":\"{(i < edits ? "new" : "old")}{i}\"")) + "}";
        static string Words(int edits) => "{\"text\":\"" + string.Join(" ", Enumerable.Range(0, 10).Select(i => (i < edits ? "new" : "old") + i)) + "\"}";
    }

    [Theory]
    [InlineData(256)]
    [InlineData(1024)]
    public void Without_identity_numbers_are_similar_by_their_gap_alone(int dimension)
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = dimension, NumberIdentity = 0 });
        foreach (string start in new[] { "0", "1", "100", "-5" })
        {
            double from = double.Parse(start, CultureInfo.InvariantCulture);
            IEnumerable<double> rising = new[] { 0, 0.5, 2, 10, 100, 1000, 1e5, 1e7, 1e9 }.Select(gap => from + gap);
            Falls(rising.Select(x => encoder.Cosine(start, x.ToString("R", CultureInfo.InvariantCulture))), 1e-9);
        }
        Assert.Equal(-1, encoder.Cosine("-1e300", "1e300"), 1e-6);
        Assert.Equal(encoder.Cosine("3", "70"), encoder.Cosine("-3", "-70"), 0.1);
    }

    [Fact]
    public void By_default_numbers_have_both_a_name_and_a_size()
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = 4096 });
        Falls(new[] { 100, 120, 1000, 100_000, 1e9 }.Select(x => encoder.Cosine("100", x.ToString("R", CultureInfo.InvariantCulture))), 0.02);
        Assert.InRange(encoder.Cosine("100", "101"), 0.65, 0.85);
    }

    [Fact]
    public void Order_matters_in_sequences_and_not_in_sets()
    {
        MbatEncoder sequence = new(new MbatSettings()), set = new(new MbatSettings { Arrays = ArrayMode.Set });
        Assert.InRange(sequence.Cosine("[\"a\",\"b\",\"c\"]", "[\"c\",\"a\",\"b\"]"), -0.3, 0.3);
        Assert.Equal(set.Encode("[\"a\",\"b\",\"c\"]"), set.Encode("[\"c\",\"a\",\"b\"]"));
        Assert.InRange(set.Cosine("[\"a\",\"b\",\"c\"]", "[\"a\",\"b\",\"d\"]"), 0.5, 0.8);
        Assert.NotEqual(set.Encode("[\"a\",\"a\",\"b\"]"), set.Encode("[\"a\",\"b\",\"b\"]"));
    }

    [Fact]
    public void N_grams_make_spellings_similar()
    {
        MbatEncoder plain = new(new MbatSettings { Dimension = 1024 }), grams = new(new MbatSettings { Dimension = 1024, CharacterNGrams = 3 });
        Assert.InRange(plain.Cosine("\"electricity\"", "\"electricety\""), -0.15, 0.15);
        Assert.InRange(grams.Cosine("\"electricity\"", "\"electricety\""), 0.2, 0.6);
        Assert.InRange(grams.Cosine("\"electricity\"", "\"waterfall\""), -0.15, 0.15);
        Assert.InRange(grams.Cosine("\"日\"", "\"日\""), 0.999, 1.001);
    }

    [Fact]
    public void Numbers_and_dates_in_strings_count_when_asked_to()
    {
        MbatEncoder plain = new(new MbatSettings { Dimension = 1024 });
        MbatEncoder values = new(new MbatSettings { Dimension = 1024, NumbersInStrings = true, DatesInStrings = true });
        Assert.InRange(plain.Cosine("\"1\"", "1"), -0.15, 0.15);
        Assert.InRange(values.Cosine("\"1\"", "1"), 0.6, 0.8);
        Assert.Equal(plain.Encode("\"1,5\""), values.Encode("\"1,5\""));
        Assert.Equal(plain.Encode("\"007\""), values.Encode("\"007\""));
        string[] dates = ["2024-03-01T12:00:00Z", "2024-03-01T18:00:00.123Z", "2024-03-11", "2024-08-09", "2039-07-07 10:10"];
        Falls(dates.Select(d => values.Cosine($"\"{dates[0]}\"", $"\"{d}\"")), 0.05);
        Assert.Equal(plain.Encode("\"2024-02-30\""), values.Encode("\"2024-02-30\""));
        Assert.True(IsoDate.TryParse("2024-03-01T12:00:00+05:30"u8, out long seconds));
        Assert.Equal(DateTimeOffset.Parse("2024-03-01T12:00:00+05:30", CultureInfo.InvariantCulture).ToUnixTimeSeconds(), seconds);
    }

    [Fact]
    public void Learned_weights_raise_what_is_rare()
    {
        MbatSettings settings = new() { Dimension = 1024, Normalization = Normalization.Raw };
        LeafWeightLearner learner = new(settings, 16);
        for (int i = 0; i < 1000; i++)
            learner.Observe(Encoding.UTF8.GetBytes($"{{\"kind\":\"common\",\"name\":\"name{i}\"}}"));
        LeafWeights weights = learner.Learn();
        MbatEncoder plain = new(settings), weighed = new(settings with { LeafWeights = weights });
        (string a, string b) = ("{\"kind\":\"common\",\"name\":\"name1\"}", "{\"kind\":\"common\",\"name\":\"name2\"}");
        Assert.InRange(plain.Cosine(a, b), 0.4, 0.6);
        Assert.InRange(weighed.Cosine(a, b), -0.1, 0.15);
        MemoryStream stream = new();
        weights.Save(stream);
        stream.Position = 0;
        Assert.Equal(weighed.SettingsHash, (settings with { LeafWeights = LeafWeights.Load(stream) }).Hash());
        Assert.Equal(weighed.SettingsHash, MbatSettings.FromJson(Encoding.UTF8.GetBytes(weighed.Settings.ToJson())).Hash());
        Assert.NotEqual(weighed.SettingsHash, plain.SettingsHash);
    }

    private static void Falls(IEnumerable<double> similarities, double slack)
    {
        double last = double.PositiveInfinity;
        foreach (double similarity in similarities)
        {
            Assert.True(similarity < last + slack, $"{similarity} after {last}");
            last = similarity;
        }
    }
}
