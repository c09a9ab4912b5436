using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

/// <summary>The same contract on Garnet and Redis 8.</summary>
public class VectorStoreTests
{
    const int D = 32;

    static float[] Vector(Random random) => [.. Enumerable.Range(0, D).Select(_ => random.NextSingle() - 0.5f)];

    static float Cosine(float[] a, float[] b) => TensorPrimitives.CosineSimilarity<float>(a, b);

    static string Attributes(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return DocumentAttributes.Of(document.RootElement);
    }

    static async Task<(VectorStore, Dictionary<string, float[]>)> FillAsync(StoreConnection store, int count)
    {
        Random random = new(7);
        VectorStore vectors = new(store, "item", D);
        Dictionary<string, float[]> all = [];
        for (int i = 0; i < count; i++) all[i.ToString(CultureInfo.InvariantCulture)] = Vector(random);
        foreach (KeyValuePair<string, float[]>[] chunk in all.Chunk(200))
            await vectors.PutAsync([.. chunk.Select(p => new VectorDocument(p.Key, p.Value,
                Attributes($$"""{"parity":"{{(int.Parse(p.Key, CultureInfo.InvariantCulture) % 2 == 0 ? "even" : "odd")}}","n":{{p.Key}}}""")))]);
        return (vectors, all);
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task Neighbours_are_the_nearest_with_exact_cosines_also_for_k_of_a_thousand(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        (VectorStore vectors, Dictionary<string, float[]> all) = await FillAsync(server.Store, 1_500);
        Assert.Equal(1_500, await vectors.CountAsync());
        float[] query = Vector(new Random(8));
        foreach (int k in new[] { 1, 10, 1_000 })
        {
            Neighbour[] found = await vectors.SimilarAsync(query, k);
            Assert.Equal(k, found.Length);
            Assert.Equal(k, found.Select(n => n.Id).Distinct().Count());
            Assert.All(found, n => Assert.Equal(Cosine(query, all[n.Id]), n.Similarity, 1e-5f));
            HashSet<string> nearest = [.. all.OrderByDescending(p => Cosine(query, p.Value)).Take(k).Select(p => p.Key)];
            Assert.True(found.Count(n => nearest.Contains(n.Id)) >= 0.9 * k, $"recall at {k}: {found.Count(n => nearest.Contains(n.Id))}");
        }
        Assert.Equal("17", (await vectors.NearestAsync(all["17"], 1)).Single());
        string[]? around = await vectors.NearestAsync("17", 5);
        Assert.Equal(5, around!.Length);
        Assert.DoesNotContain("17", around);
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task Updates_replace_vector_and_attributes_and_deletes_remove(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        (VectorStore vectors, Dictionary<string, float[]> all) = await FillAsync(server.Store, 50);
        float[] moved = [.. all["3"].Select(x => -x)];
        await vectors.PutAsync([new VectorDocument("3", moved, Attributes("""{"parity":"new"}"""))]);
        Assert.Equal(50, await vectors.CountAsync());
        Assert.Equal(1, Cosine(moved, (await vectors.VectorAsync("3"))!), 1e-5f);
        Assert.Equal(["3"], await vectors.NearestAsync(all["9"], 5, VectorFilter.Parse("parity == 'new'")));
        await vectors.RemoveAsync(["3", "no such element"]);
        Assert.Null(await vectors.VectorAsync("3"));
        Assert.Null(await vectors.NearestAsync("3", 5));
        Assert.DoesNotContain("3", await vectors.NearestAsync(moved, 50));
        Assert.Equal(49, await vectors.CountAsync());
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task Filters_mean_the_same_on_every_server(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        VectorStore vectors = new(server.Store, "item", 2);
        await vectors.PutAsync([
            new("a", new float[] { 1, 0 }, Attributes("""{"year":1994,"genre":["drama","crime"],"lang":"en","new":false,"deep":{"x":-0.5}}""")),
            new("b", new float[] { 1, 1 }, Attributes("""{"year":2003,"genre":["comedy"],"lang":"d\"e~","new":true,"deep":{"x":1e-7}}""")),
            new("c", new float[] { 0, 1 }, Attributes("""{"year":"1994","title":"ü ] and x"}""")),
            new("d", new float[] { 1, 2 }, Attributes("[]")),
        ]);
        async Task<string> FindAsync(string filter) =>
            string.Concat((await vectors.NearestAsync(new float[] { 1, 1 }, 10, VectorFilter.Parse(filter))).Order(StringComparer.Ordinal));
        Assert.Equal("a", await FindAsync("year == 1994"));
        Assert.Equal("c", await FindAsync("year == '1994'"));
        Assert.Equal("bcd", await FindAsync("year != 1994"));
        Assert.Equal("ab", await FindAsync("year > 1990"));
        Assert.Equal("b", await FindAsync("year >= 1995 and year < 2003.5"));
        Assert.Equal("a", await FindAsync("genre == \"crime\""));
        Assert.Equal("ab", await FindAsync("genre in ['crime', 'comedy']"));
        Assert.Equal("bcd", await FindAsync("genre not in ['crime']"));
        Assert.Equal("b", await FindAsync("lang == 'd\"e~'"));
        Assert.Equal("b", await FindAsync("new == true"));
        Assert.Equal("c", await FindAsync("title == 'ü ] and x'"));
        Assert.Equal("a", await FindAsync("deep.x < 0"));
        Assert.Equal("b", await FindAsync("deep.x > 0.00000001 and deep.x < 1e-6"));
        Assert.Equal("", await FindAsync("nowhere == 1"));
        Assert.Equal("", await FindAsync("nowhere < 1"));
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task A_filter_that_a_few_meet_finds_them(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        (VectorStore vectors, _) = await FillAsync(server.Store, 1_000);
        string[] found = await vectors.NearestAsync(Vector(new Random(9)), 100, VectorFilter.Parse("n >= 400 and n < 450 and parity == 'even'"));
        Assert.All(found, id => Assert.True(int.Parse(id, CultureInfo.InvariantCulture) is >= 400 and < 450 and var n && n % 2 == 0));
        Assert.True(found.Length >= 20, $"found {found.Length} of 25");
    }

    [Fact]
    public async Task Vectors_that_cannot_be_compared_are_refused_before_anything_is_sent()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        VectorStore vectors = new(server.Store, "item", 2);
        foreach (float[] bad in new float[][] { [0, 0], [float.NaN, 1], [float.PositiveInfinity, 1], [1], [1, 2, 3] })
            await Assert.ThrowsAsync<ArgumentException>(() => vectors.PutAsync([new("good", new float[] { 1, 0 }), new("bad", bad)]));
        Assert.Equal(0, await vectors.CountAsync());
        Assert.Empty(await vectors.NearestAsync(new float[] { 1, 0 }, 3));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => vectors.NearestAsync(new float[] { 1, 0 }, 0));
    }

    [Fact]
    public async Task A_server_without_vector_sets_is_named()
    {
        await using TestServer server = await TestServer.StartAsync("redis7");
        Assert.False((await server.Store.AbilitiesAsync()).VectorSets);
        RankingException e = await Assert.ThrowsAsync<RankingException>(() => new VectorStore(server.Store, "item", 2).NearestAsync(new float[] { 1, 0 }, 3));
        Assert.Equal(ErrorCodes.NoVectorSets, e.Error);
    }
}
