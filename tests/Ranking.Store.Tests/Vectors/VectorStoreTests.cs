using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

/// <summary>What only vector sets do: change.</summary>
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
        VectorStore vectors = new(store, "item", "test", D);
        Dictionary<string, float[]> all = [];
        for (int i = 0; i < count; i++) all[i.ToString(CultureInfo.InvariantCulture)] = Vector(random);
        foreach (KeyValuePair<string, float[]>[] chunk in all.Chunk(200))
            await vectors.PutAsync([.. chunk.Select(p => new VectorDocument(p.Key, p.Value,
                Attributes($$"""{"parity":"{{(int.Parse(p.Key, CultureInfo.InvariantCulture) % 2 == 0 ? "even" : "odd")}}","n":{{p.Key}}}""")))]);
        return (vectors, all);
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

    [Fact]
    public async Task A_server_without_vector_sets_is_named()
    {
        await using TestServer server = await TestServer.StartAsync("redis7");
        Assert.False((await server.Store.AbilitiesAsync()).VectorSets);
        RankingException e = await Assert.ThrowsAsync<RankingException>(() => new VectorStore(server.Store, "item", "test", 2).NearestAsync(new float[] { 1, 0 }, 3));
        Assert.Equal(ErrorCodes.NoVectorSets, e.Error);
    }
}
