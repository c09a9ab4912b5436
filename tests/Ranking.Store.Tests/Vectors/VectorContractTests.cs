using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using CsCheck;
using Ranking.Mbat;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

/// <summary>What every home of vectors promises: Garnet, Redis 8 and a file in this process.</summary>
public class VectorContractTests
{
    const int D = 32;

    static float[] Vector(Random random, int dimension = D) => [.. Enumerable.Range(0, dimension).Select(_ => random.NextSingle() - 0.5f)];

    static float Cosine(float[] a, float[] b) => TensorPrimitives.CosineSimilarity<float>(a, b);

    static string Attributes(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return DocumentAttributes.Of(document.RootElement);
    }

    static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    static string Text(int i) => i.ToString(CultureInfo.InvariantCulture);

    static async Task<(IVectorSearch, Dictionary<string, float[]>)> FillAsync(VectorHome home, int count)
    {
        Random random = new(7);
        Dictionary<string, float[]> all = Enumerable.Range(0, count).ToDictionary(Text, _ => Vector(random));
        return (await home.FillAsync(D, [.. all.Select((p, i) => new VectorDocument(p.Key, p.Value, Attributes($$"""{"parity":"{{(i % 2 == 0 ? "even" : "odd")}}","n":{{i}}}""")))]), all);
    }

    [Theory]
    [MemberData(nameof(VectorHome.All), MemberType = typeof(VectorHome))]
    public async Task Neighbours_are_the_nearest_with_exact_cosines_also_for_k_of_a_thousand(string which)
    {
        await using VectorHome home = await VectorHome.StartAsync(which);
        (IVectorSearch vectors, Dictionary<string, float[]> all) = await FillAsync(home, 1_500);
        Assert.Equal((1_500, D), (await vectors.CountAsync(), vectors.Dimension));
        float[] query = Vector(new Random(8));
        foreach (int k in new[] { 1, 10, 1_000 })
        {
            Neighbour[] found = await vectors.SimilarAsync(query, k);
            Assert.Equal(k, found.Length);
            Assert.Equal(k, found.Select(n => n.Id).Distinct().Count());
            Assert.Equal(found.OrderByDescending(n => n.Similarity).Select(n => n.Similarity), found.Select(n => n.Similarity));
            Assert.All(found, n => Assert.Equal(Cosine(query, all[n.Id]), n.Similarity, 1e-5f));
            HashSet<string> nearest = [.. all.OrderByDescending(p => Cosine(query, p.Value)).Take(k).Select(p => p.Key)];
            Assert.True(found.Count(n => nearest.Contains(n.Id)) >= (which == "file" ? k : 0.9 * k), $"recall at {k}: {found.Count(n => nearest.Contains(n.Id))}");
        }
        Assert.Equal("17", (await vectors.NearestAsync(all["17"], 1)).Single());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => vectors.NearestAsync(query, 0));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => vectors.NearestAsync(query, 10_001));
    }

    [Theory]
    [MemberData(nameof(VectorHome.All), MemberType = typeof(VectorHome))]
    public async Task By_id_the_vectors_own_element_is_left_out_and_an_unknown_one_is_none(string which)
    {
        await using VectorHome home = await VectorHome.StartAsync(which);
        (IVectorSearch vectors, Dictionary<string, float[]> all) = await FillAsync(home, 100);
        Neighbour[]? around = await vectors.SimilarAsync("17", 5);
        Assert.Equal(all.Where(p => p.Key != "17").OrderByDescending(p => Cosine(all["17"], p.Value)).Take(5).Select(p => p.Key), around!.Select(n => n.Id));
        Assert.Equal(around!.Select(n => n.Id), (await vectors.NearestAsync("17", 5))!);
        Assert.Equal(99, (await vectors.NearestAsync("17", 1_000))!.Length);
        Assert.Equal(1, Cosine(all["17"], (await vectors.VectorAsync("17"))!), 1e-5f);
        Assert.Null(await vectors.VectorAsync("nobody"));
        Assert.Null(await vectors.NearestAsync("nobody", 5));
        Assert.Null(await vectors.SimilarAsync("nobody", 5));
    }

    [Theory]
    [MemberData(nameof(VectorHome.All), MemberType = typeof(VectorHome))]
    public async Task A_batch_gives_what_single_searches_give(string which)
    {
        await using VectorHome home = await VectorHome.StartAsync(which);
        (IVectorSearch vectors, _) = await FillAsync(home, 300);
        float[][] queries = [.. Enumerable.Range(0, 7).Select(i => Vector(new Random(100 + i)))];
        VectorFilter filter = VectorFilter.Parse("n < 200");
        Neighbour[][] batch = await vectors.SimilarBatchAsync(queries.SelectMany(q => q).ToArray(), 5, filter);
        Assert.Equal(7, batch.Length);
        for (int q = 0; q < 7; q++) Assert.Equal((await vectors.SimilarAsync(queries[q], 5, filter)).Select(n => n.Id), batch[q].Select(n => n.Id));
        await Assert.ThrowsAsync<ArgumentException>(() => vectors.SimilarBatchAsync(new float[D + 1], 5));
        await Assert.ThrowsAsync<ArgumentException>(() => vectors.SimilarBatchAsync(Array.Empty<float>(), 5));
    }

    [Theory]
    [MemberData(nameof(VectorHome.All), MemberType = typeof(VectorHome))]
    public async Task Filters_mean_the_same_everywhere(string which)
    {
        await using VectorHome home = await VectorHome.StartAsync(which);
        float[] Plane(float x, float y) => [x, y, .. new float[14]];
        IVectorSearch vectors = await home.FillAsync(16, [
            new("a", Plane(1, 0), Attributes("""{"year":1994,"genre":["drama","crime"],"lang":"en","new":false,"deep":{"x":-0.5}}""")),
            new("b", Plane(1, 1), Attributes("""{"year":2003,"genre":["comedy"],"lang":"d\"e~","new":true,"deep":{"x":1e-7}}""")),
            new("c", Plane(0, 1), Attributes("""{"year":"1994","title":"ü ] and x"}""")),
            new("d", Plane(1, 2), Attributes("[]")),
        ]);
        async Task<string> FindAsync(string filter) =>
            string.Concat((await vectors.NearestAsync(Plane(1, 1), 10, VectorFilter.Parse(filter))).Order(StringComparer.Ordinal));
        Assert.Equal("a", await FindAsync("year == 1994"));
        Assert.Equal("c", await FindAsync("year == '1994'"));
        Assert.Equal("bcd", await FindAsync("year != 1994"));
        Assert.Equal("ab", await FindAsync("year > 1990"));
        Assert.Equal("b", await FindAsync("year >= 1995 and year < 2003.5"));
        Assert.Equal("a", await FindAsync("genre == \"crime\""));
        Assert.Equal("ab", await FindAsync("genre in ['crime', 'comedy']"));
        Assert.Equal("bcd", await FindAsync("genre not in ['crime']"));
        Assert.Equal("cd", await FindAsync("genre not in ['crime', 'comedy']"));
        Assert.Equal("b", await FindAsync("lang == 'd\"e~'"));
        Assert.Equal("b", await FindAsync("new == true"));
        Assert.Equal("c", await FindAsync("title == 'ü ] and x'"));
        Assert.Equal("a", await FindAsync("deep.x < 0"));
        Assert.Equal("b", await FindAsync("deep.x > 0.00000001 and deep.x < 1e-6"));
        Assert.Equal("", await FindAsync("nowhere == 1"));
        Assert.Equal("", await FindAsync("nowhere < 1"));
    }

    [Theory]
    [MemberData(nameof(VectorHome.All), MemberType = typeof(VectorHome))]
    public async Task A_filter_that_a_few_meet_finds_them(string which)
    {
        await using VectorHome home = await VectorHome.StartAsync(which);
        (IVectorSearch vectors, _) = await FillAsync(home, 1_000);
        string[] found = await vectors.NearestAsync(Vector(new Random(9)), 100, VectorFilter.Parse("n >= 400 and n < 450 and parity == 'even'"));
        Assert.All(found, id => Assert.True(int.Parse(id, CultureInfo.InvariantCulture) is >= 400 and < 450 and var n && n % 2 == 0));
        Assert.True(found.Length >= (which == "file" ? 25 : 20), $"found {found.Length} of 25");
    }

    [Theory]
    [MemberData(nameof(VectorHome.All), MemberType = typeof(VectorHome))]
    public async Task Random_filters_agree_with_the_documents(string which)
    {
        await using VectorHome home = await VectorHome.StartAsync(which);
        (int Year, string Lang)[] films = [.. Enumerable.Range(0, 60).Select(i => (1990 + i * 7 % 30, i % 4 == 0 ? "en" : i % 4 == 1 ? "de" : i % 4 == 2 ? "e" : "n_year"))];
        Random random = new(1);
        IVectorSearch vectors = await home.FillAsync(16, [.. films.Select((f, i) => new VectorDocument(Text(i), Vector(random, 16), Attributes($$"""{"year":{{f.Year}},"lang":"{{f.Lang}}"}""")))]);
        Gen<(string Text, Func<(int Year, string Lang), bool> Holds)> comparison = Gen.OneOf(
            Gen.Select(OneOf("<", "<=", ">", ">="), Gen.Int[1985, 2025], (op, year) => ($"year {op} {year}", (Func<(int Year, string Lang), bool>)(f => op switch { "<" => f.Year < year, "<=" => f.Year <= year, ">" => f.Year > year, _ => f.Year >= year }))),
            Gen.Select(OneOf("==", "!="), OneOf("en", "de", "e", "fr", "n_year"), (op, lang) => ($"lang {op} '{lang}'", (Func<(int Year, string Lang), bool>)(f => f.Lang == lang == (op == "==")))),
            Gen.Select(OneOf("in", "not in"), OneOf("en", "de"), OneOf("e", "fr"), (op, a, b) => ($"lang {op} ['{a}', '{b}']", (Func<(int Year, string Lang), bool>)(f => (f.Lang == a || f.Lang == b) == (op == "in")))));
        float[] query = Vector(random, 16);
        await comparison.Array[1, 3].SampleAsync(async parts =>
        {
            string[] found = await vectors.NearestAsync(query, 60, VectorFilter.Parse(string.Join(" and ", parts.Select(p => p.Text))));
            string[] expected = [.. films.Select((f, i) => (f, Id: Text(i))).Where(x => parts.All(p => p.Holds(x.f))).Select(x => x.Id)];
            Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        }, iter: 100, threads: 1);
    }

    [Theory]
    [MemberData(nameof(VectorHome.All), MemberType = typeof(VectorHome))]
    public async Task Vectors_that_cannot_be_compared_are_refused(string which)
    {
        await using VectorHome home = await VectorHome.StartAsync(which);
        float[] good = [1, .. new float[15]];
        foreach (float[] bad in new float[][] { new float[16], [float.NaN, .. new float[15]], [float.PositiveInfinity, .. new float[15]], [1], [1, .. new float[16]] })
            await Assert.ThrowsAsync<ArgumentException>(() => home.FillAsync(16, [new("good", good), new("bad", bad)]));
        IVectorSearch vectors = await home.FillAsync(16, []);
        Assert.Equal(0, await vectors.CountAsync());
        Assert.Empty(await vectors.NearestAsync(good, 3));
        foreach (float[] bad in new float[][] { new float[16], [float.NaN, .. new float[15]], [1] })
            await Assert.ThrowsAsync<ArgumentException>(() => vectors.SimilarAsync(bad, 3));
    }
}
