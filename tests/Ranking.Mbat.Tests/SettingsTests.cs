using System.Text;

namespace Ranking.Mbat.Tests;

public class SettingsTests
{
    [Fact]
    public void Settings_come_back_from_json_with_their_hash()
    {
        MbatSettings settings = new()
        {
            Dimension = 512,
            Seed = ulong.MaxValue,
            Keys = KeyKind.Permutation,
            Normalization = Normalization.Raw,
            Arrays = ArrayMode.Set,
            DuplicateKeys = DuplicateKeys.Error,
            Paths = [new PathRule { Path = "a.*.b\\.c", Weight = 0.25 }, new PathRule { Path = "n", Thresholds = [1, 2.5, 1e9], Arrays = ArrayMode.Sequence }],
        };
        MbatSettings read = MbatSettings.FromJson(Encoding.UTF8.GetBytes(settings.ToJson()));
        Assert.Equal(settings.Hash(), read.Hash());
        Assert.Equal(settings.ToJson(), read.ToJson());
        Assert.Equal(new MbatSettings().Hash(), MbatSettings.FromJson("{}"u8).Hash());
    }

    [Fact]
    public void All_that_changes_a_vector_changes_the_hash()
    {
        MbatSettings plain = new();
        MbatSettings[] others =
        [
            plain with { Dimension = 512 }, plain with { Seed = 1 }, plain with { Keys = KeyKind.Haar }, plain with { Normalization = Other(plain.Normalization) },
            plain with { Arrays = ArrayMode.Set }, plain with { CharacterNGrams = 3 }, plain with { CharacterNGrams = 3, NGramShare = 0.25 },
            plain with { NumberIdentity = 0.125 }, plain with { NumbersInStrings = true }, plain with { DatesInStrings = true },
            plain with { Paths = [new PathRule { Path = "a", Weight = 2 }] }, plain with { Paths = [new PathRule { Path = "a", Weight = 3 }] },
            plain with { Paths = [new PathRule { Path = "a", Thresholds = [1] }] }, plain with { Paths = [new PathRule { Path = "a", Arrays = ArrayMode.Set }] },
        ];
        Assert.Equal(others.Length + 1, others.Append(plain).Select(s => s.Hash()).Distinct().Count());
        Assert.Equal(plain.Hash(), (plain with { MaxDepth = 3, MaxKeys = 5, DuplicateKeys = DuplicateKeys.Error, NGramShare = 0.3 }).Hash());
    }

    [Theory]
    [InlineData("{\n \"dimensions\": 3}", "line 2, column")]
    [InlineData("{\"dimension\": \"x\"}", "line 1, column")]
    [InlineData("{\"keys\": \"random\"}", "line 1, column")]
    [InlineData("{\"keys\": 0}", "line 1, column")]
    [InlineData("{\"paths\": [{\"weight\": 1}]}", "path")]
    [InlineData("null", "null was given, an object of settings is expected")]
    [InlineData("{\"leaf_weights\": \"AAAA\"}", "leaf_weights")]
    public void Broken_json_is_refused(string json, string message) =>
        Assert.Contains(message, Assert.Throws<MbatFormatException>(() => MbatSettings.FromJson(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"dimension\": 100}", "dimension: 100 was given, a multiple of 16 from 16 to 65536 is expected")]
    [InlineData("{\"dimension\": 0}", "dimension: 0 was given, a multiple of 16 from 16 to 65536 is expected")]
    [InlineData("{\"max_depth\": 0}", "max_depth: 0 was given, 1 to 1000 is expected")]
    [InlineData("{\"number_identity\": 1.5}", "number_identity: 1.5 was given, 0 to 1 is expected")]
    [InlineData("{\"character_n_grams\": 1}", "character_n_grams: 1 was given, 0, or 2 to 8 is expected")]
    [InlineData("{\"paths\": [{\"path\": \"a\"}, {\"path\": \"a\"}]}", "paths: a was given, each path once is expected")]
    [InlineData("{\"paths\": [{\"path\": \"a[0]\"}]}", "paths.path: a[0] was given, no index: elements share their array's path is expected")]
    [InlineData("{\"paths\": [{\"path\": \"a[x\"}]}", "path 'a[x': an index such as [0] is expected at character 2")]
    [InlineData("{\"paths\": [{\"path\": \"a\", \"weight\": -1}]}", "paths[a].weight: -1 was given, 0 to 100 is expected")]
    [InlineData("{\"paths\": [{\"path\": \"a\", \"thresholds\": [2, 1]}]}", "paths[a].thresholds: 1 was given, rising numbers is expected")]
    public void Values_out_of_range_are_refused(string json, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => MbatSettings.FromJson(Encoding.UTF8.GetBytes(json))).Message);

    [Fact]
    public void Paths_weigh_drop_and_order()
    {
        MbatEncoder plain = new(new MbatSettings());
        MbatEncoder ruled = new(new MbatSettings
        {
            Paths =
            [
                new PathRule { Path = "id", Weight = 0 }, new PathRule { Path = "tags", Arrays = ArrayMode.Set }, new PathRule { Path = "items.*", Weight = 0 },
                new PathRule { Path = "items.name", Weight = 3 }, new PathRule { Path = "n", Thresholds = [0, 10, 20, 30] },
            ],
        });
        Assert.Equal(ruled.Encode("{\"a\":1}"), ruled.Encode("{\"a\":1,\"id\":{\"x\":[1,2]},\"id\":7}"));
        Assert.All(ruled.Encode("{\"id\":3}"), x => Assert.Equal(0, x));
        Assert.Equal(ruled.Encode("{\"tags\":[1,2,3]}"), ruled.Encode("{\"tags\":[3,1,2]}"));
        Assert.NotEqual(ruled.Encode("{\"other\":[1,2,3]}"), ruled.Encode("{\"other\":[3,1,2]}"));
        Assert.Equal(ruled.Encode("{\"items\":[{\"name\":\"x\"}]}"), ruled.Encode("{\"items\":[{\"name\":\"x\",\"price\":3}]}"));
        Assert.Equal(0.5, ruled.Cosine("{\"n\":5}", "{\"n\":15}"), 1e-6);
        Assert.Equal(-1, ruled.Cosine("{\"n\":-5}", "{\"n\":35}"), 1e-6);
        // Two siblings of which one weighs three times the other: cosine with it alone is 3/√10.
        MbatEncoder heavy = new(new MbatSettings { Dimension = 4096, Paths = [new PathRule { Path = "a", Weight = 3 }] });
        Assert.Equal(3 / Math.Sqrt(10), heavy.Cosine("{\"a\":\"x\",\"b\":\"y\"}", "{\"a\":\"x\"}"), 0.03);
        Assert.Equal(1 / Math.Sqrt(2), plain.Cosine("{\"a\":\"x\",\"b\":\"y\"}", "{\"a\":\"x\"}"), 0.15);
    }

    private static Normalization Other(Normalization mode) => mode == Normalization.Unit ? Normalization.Raw : Normalization.Unit;
}
