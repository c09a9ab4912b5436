using CsCheck;

namespace Ranking.Mbat.Tests;

/// <summary>What holds exactly: the same bits as the naive version, whatever the spelling of the document.</summary>
public class ExactTests
{
    public static TheoryData<int, Normalization, ArrayMode> Kinds => new MatrixTheoryData<int, Normalization, ArrayMode>(
        [16, 48, 256, 1024], [Normalization.Unit, Normalization.Raw], [ArrayMode.Sequence, ArrayMode.Set]);

    [Theory, MemberData(nameof(Kinds))]
    public void Equals_the_naive_version(int dimension, Normalization normalization, ArrayMode arrays)
    {
        MbatSettings settings = new() { Dimension = dimension, Normalization = normalization, Arrays = arrays, Seed = 7 };
        MbatEncoder encoder = new(settings);
        NaiveEncoder naive = new(settings);
        Documents.Json().Sample(json => Assert.Equal(naive.Encode(json), encoder.Encode(json)), iter: 300);
    }

    [Theory]
    [InlineData(Normalization.Unit)]
    [InlineData(Normalization.Raw)]
    public void Key_order_blanks_and_escapes_change_nothing(Normalization normalization)
    {
        MbatEncoder encoder = new(new MbatSettings { Normalization = normalization });
        Documents.Json().Sample(json =>
        {
            string last = Documents.LastWins(json);
            Assert.Equal(encoder.Encode(last), encoder.Encode(Documents.Disguise(last)));
            Assert.Equal(encoder.Encode(last), encoder.Encode(json));
        }, iter: 1000);
    }

    [Theory]
    [InlineData("1", "1.0", "1e0", "10e-1", "0.1E+1", "1.000000000000000000000000000000")]
    [InlineData("0", "-0", "0.0", "-0e5", "0e999999999999999999999", "-0.000")]
    [InlineData("1200", "1.2e3", "12E2", "1200.00", "0.0012e6", "120000000e-5")]
    [InlineData("9007199254740993", "9007199254740993.0", "9.007199254740993e15", "90071992547409930e-1", "9007199254740993e0", "900719925474099300e-2")]
    [InlineData("1e400", "10e399", "0.1e401", "1.0e400", "100E+398", "1e0400")]
    public void One_number_has_one_vector(params string[] spellings)
    {
        MbatEncoder encoder = new(new MbatSettings());
        foreach (string spelling in spellings)
            Assert.Equal(encoder.Encode(spellings[0]), encoder.Encode(spelling));
    }

    [Fact]
    public void Two_numbers_that_a_double_cannot_tell_apart_differ()
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = 1024 });
        Assert.InRange(encoder.Cosine("9007199254740992", "9007199254740993"), 0.6, 0.9);
        Assert.InRange(encoder.Cosine("1e400", "2e400"), 0.6, 0.9);
        Assert.NotEqual(encoder.Encode("1e-400"), encoder.Encode("0"));
    }

    [Fact]
    public void Sums_stay_exact_beyond_32_bits()
    {
        // In set mode 300,000 equal elements reach 1.2 · 10⁹ in every coordinate, a third value moves it by one part in 10⁵.
        string json = "[" + string.Join(",", Enumerable.Repeat("true", 300_000)) + ",null,null,null]";
        foreach (Normalization normalization in Enum.GetValues<Normalization>())
        {
            MbatSettings settings = new() { Dimension = 64, Arrays = ArrayMode.Set, Normalization = normalization };
            Assert.Equal(new NaiveEncoder(settings).Encode(json), new MbatEncoder(settings).Encode(json));
            Assert.Equal(new NaiveEncoder(settings).Encode($"{{\"k\":{json},\"l\":1}}"), new MbatEncoder(settings).Encode($"{{\"k\":{json},\"l\":1}}"));
        }
    }

    [Fact]
    public void Text_of_a_million_words_equals_the_naive_version()
    {
        string json = "\"" + string.Join(" ", Enumerable.Range(0, 300_000).Select(i => "w" + (i % 3))) + "\"";
        MbatSettings settings = new() { Dimension = 64 };
        Assert.Equal(new NaiveEncoder(settings).Encode(json), new MbatEncoder(settings).Encode(json));
    }
}
