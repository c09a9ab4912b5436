using System.Globalization;
using Ranking.Mbat;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

/// <summary>Files of vectors that are replaced while they are searched.</summary>
public class FileVectorsTests
{
    static VectorDocument[] Documents(int generation, int count)
    {
        Random random = new(generation);
        return [.. Enumerable.Range(0, count).Select(i => new VectorDocument($"{generation}-{i}", Enumerable.Range(0, 16).Select(_ => random.NextSingle() - 0.5f).ToArray(),
            $$"""{"t":["generation=n:{{generation}}"],"n_generation":{{generation}}}"""))];
    }

    [Fact]
    public async Task A_file_is_replaced_under_load_and_every_answer_is_of_one_whole_file()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ranking-vectors-");
        string path = Path.Combine(folder.FullName, "index");
        MbatSettings settings = new() { Dimension = 16 };
        FileVectors.Build(path, settings, Documents(0, 500));
        FileVectors vectors = new(path);
        using CancellationTokenSource stop = new();
        float[] query = [1, .. new float[15]];
        int latest = 0;
        Task[] searches = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                int before = Volatile.Read(ref latest);
                Neighbour[] found = await vectors.SimilarAsync(query, 20, VectorFilter.Parse("generation >= 0"));
                int[] generations = [.. found.Select(n => int.Parse(n.Id.Split('-')[0], CultureInfo.InvariantCulture)).Distinct()];
                Assert.Equal(20, found.Length);
                Assert.True(Assert.Single(generations) >= before);
                Assert.Empty(await vectors.NearestAsync(query, 5, VectorFilter.Parse("generation < 0")));
            }
        }))];
        for (int generation = 1; generation <= 20; generation++)
        {
            FileVectors.Build(path, settings, Documents(generation, 500));
            vectors.Reload();
            Volatile.Write(ref latest, generation);
            Assert.NotNull(await vectors.VectorAsync($"{generation}-7"));
            Assert.Null(await vectors.VectorAsync($"{generation - 1}-7"));
        }
        await File.WriteAllTextAsync(path + ".damaged", "no index");
        File.Move(path + ".damaged", path, overwrite: true);
        Assert.Throws<InvalidDataException>(vectors.Reload);
        Assert.NotNull(await vectors.VectorAsync("20-7"));
        await stop.CancelAsync();
        await Task.WhenAll(searches);
        vectors.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => vectors.VectorAsync("20-7"));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task An_index_without_attributes_is_searched_and_meets_no_filter()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ranking-vectors-");
        string path = Path.Combine(folder.FullName, "index");
        float[] one = [1, .. new float[15]];
        VectorIndex.Build(path, new MbatSettings { Dimension = 16 }, [("a", one)]);
        using (FileVectors vectors = new(path))
        {
            Assert.Equal(["a"], await vectors.NearestAsync(one, 3));
            Assert.Empty(await vectors.NearestAsync(one, 3, VectorFilter.Parse("x == 1")));
        }
        folder.Delete(recursive: true);
    }
}
