using CsCheck;

namespace Ranking.Mbat.Tests;

public sealed class VectorIndexTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mbat").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(16, 0)]
    [InlineData(16, 1)]
    [InlineData(48, 1037)]
    [InlineData(256, 5003)]
    public void Finds_what_a_plain_sort_finds(int dimension, int count)
    {
        float[][] vectors = Random(count, dimension);
        using VectorIndex index = Build(dimension, vectors);
        float[][] queries = Random(7, dimension);
        Neighbour[][] batch = index.SearchBatch([.. queries.SelectMany(q => q)], 10);
        for (int q = 0; q < queries.Length; q++)
        {
            foreach (int k in new[] { 1, 10, 1000 })
            {
                Neighbour[] found = index.Search(queries[q], k);
                List<string> expected = [.. Enumerable.Range(0, count).OrderByDescending(i => Documents.Cosine(queries[q], vectors[i])).Take(k).Select(i => "v" + i)];
                // Neighbours closer than float rounding may change places.
                Assert.Equal(expected.Count, found.Length);
                for (int i = 0; i < found.Length; i++)
                {
                    double exact = Documents.Cosine(queries[q], vectors[int.Parse(found[i].Id[1..], System.Globalization.CultureInfo.InvariantCulture)]);
                    Assert.Equal(exact, found[i].Similarity, 1e-5);
                    Assert.Equal(Documents.Cosine(queries[q], vectors[int.Parse(expected[i][1..], System.Globalization.CultureInfo.InvariantCulture)]), exact, 1e-5);
                }
                Assert.Equal(found.Length, found.Select(f => f.Id).Distinct().Count());
            }
            Assert.Equal(index.Search(queries[q], 10), batch[q]);
        }
    }

    [Fact]
    public void Bytes_find_almost_all_and_score_them_exactly()
    {
        float[][] vectors = Random(20_000, 64);
        using VectorIndex index = Build(64, vectors);
        int hits = 0;
        foreach (float[] query in Random(50, 64))
        {
            Neighbour[] exact = index.Search(query, 10);
            hits += exact.Intersect(index.Search(query, 10, SearchMode.Int8)).Count();
        }
        Assert.InRange(hits, 495, 500);
    }

    [Fact]
    public void Only_accepted_rows_are_found_and_all_of_them()
    {
        float[][] vectors = Random(3000, 32);
        using VectorIndex index = Build(32, vectors);
        float[] query = Random(1, 32)[0];
        foreach (SearchMode mode in Enum.GetValues<SearchMode>())
        {
            Neighbour[] found = index.Search(query, 100, mode, row => row % 100 == 7);
            Assert.Equal(30, found.Length);
            Assert.All(found, f => Assert.EndsWith("07", "0" + f.Id[1..], StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Equal_vectors_come_in_the_order_they_were_added()
    {
        float[] one = Random(1, 16)[0];
        using VectorIndex index = Build(16, [.. Enumerable.Repeat(one, 50)]);
        Assert.Equal(["v0", "v1", "v2"], index.Search(one, 3).Select(n => n.Id));
        Assert.Equal(["v0", "v1", "v2"], index.Search(one, 3, SearchMode.Int8).Select(n => n.Id));
    }

    [Fact]
    public void Ids_lead_to_rows_and_back()
    {
        using VectorIndex index = Build(16, Random(500, 16));
        for (int row = 0; row < 500; row++)
            Assert.Equal(row, index.Row(index.Id(row)));
        Assert.Equal(-1, index.Row("nobody"));
        Assert.Equal(-1, index.Row(""));
    }

    [Fact]
    public void Other_settings_are_refused()
    {
        Build(16, Random(3, 16)).Dispose();
        foreach (MbatSettings other in new[] { new MbatSettings { Dimension = 16, Seed = 2 }, new MbatSettings { Dimension = 32, Seed = 1 } })
        {
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => VectorIndex.Open(IndexPath, other));
            Assert.Contains($"dimension {other.Dimension}, seed {other.Seed}", error.Message, StringComparison.Ordinal);
        }
        using VectorIndex same = VectorIndex.Open(IndexPath, new MbatSettings { Dimension = 16, Seed = 1 });
        Assert.Equal(3, same.Count);
    }

    [Fact]
    public void Damaged_files_are_refused_whatever_is_changed_in_the_header()
    {
        Build(16, Random(20, 16)).Dispose();
        byte[] whole = File.ReadAllBytes(IndexPath);
        string path = Path.Combine(_folder, "damaged");
        Gen.Select(Gen.Int[0, 95], Gen.Byte[1, 255]).Sample((at, flip) =>
        {
            byte[] bytes = [.. whole];
            bytes[at] ^= flip;
            string file = $"{path}{Guid.NewGuid():N}";
            File.WriteAllBytes(file, bytes);
            try
            {
                // Padding may change without harm; what is read must be as it was.
                using VectorIndex index = VectorIndex.Open(file);
                return index.Count == 20 && index.Dimension == 16;
            }
            catch (InvalidDataException)
            {
                return true;
            }
        }, iter: 300);
        foreach (int length in new[] { 0, 100, 256, 300, whole.Length - 1 })
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<InvalidDataException>(() => VectorIndex.Open(path));
        }
        whole[8] = 3;
        File.WriteAllBytes(path, whole);
        Assert.Contains("format is 3, 1 to 2", Assert.Throws<InvalidDataException>(() => VectorIndex.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Payloads_come_back_and_a_file_without_them_has_the_format_before()
    {
        float[][] vectors = Random(5, 16);
        MbatSettings settings = new() { Dimension = 16, Seed = 1 };
        byte[][] payloads = [[1, 2, 3], [], new byte[100_000], [], []];
        Assert.Equal(5, VectorIndex.Build(IndexPath, settings, vectors.Select((v, i) => ("v" + i, v, payloads[i]))));
        byte[] whole = File.ReadAllBytes(IndexPath);
        using (VectorIndex index = VectorIndex.Open(IndexPath, settings))
        {
            for (int i = 0; i < 5; i++)
            {
                Assert.Equal(payloads[i], index.Payload(i).ToArray());
                Assert.Equal(vectors[i], index.Vector(i).ToArray());
                Assert.Equal(i, index.Row("v" + i));
            }
            Assert.Throws<ArgumentOutOfRangeException>(() => { index.Payload(5); });
        }
        Assert.Equal([IndexPath], Directory.GetFiles(_folder));
        Assert.Equal(2, whole[8]);
        foreach (int length in new[] { 256, whole.Length - 1 })
        {
            File.WriteAllBytes(IndexPath, whole[..length]);
            Assert.Throws<InvalidDataException>(() => VectorIndex.Open(IndexPath));
        }
        using VectorIndex plain = Build(16, vectors);
        Assert.Equal(1, File.ReadAllBytes(IndexPath)[8]);
        Assert.True(plain.Payload(0).IsEmpty);
        Assert.Throws<ArgumentException>(() => VectorIndex.Build(IndexPath, settings, vectors.Select(v => ("same", v, payloads[0]))));
        Assert.Equal([IndexPath], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_failed_build_leaves_the_old_file_and_nothing_else()
    {
        float[][] vectors = Random(4, 16);
        Build(16, vectors).Dispose();
        MbatSettings settings = new() { Dimension = 16, Seed = 1 };
        Assert.Contains("id a occurs more than once", Throws([("a", vectors[0]), ("b", vectors[1]), ("a", vectors[2])]), StringComparison.Ordinal);
        Assert.Contains("id x: its vector has 15 numbers", Throws([("x", vectors[0][1..])]), StringComparison.Ordinal);
        Assert.Contains("id x: its vector has length 1.99", Throws([("x", [.. vectors[0].Select(v => 2 * v)])]), StringComparison.Ordinal);
        Assert.Contains("id x: its vector has length NaN", Throws([("x", [.. vectors[0].Select(v => float.NaN)])]), StringComparison.Ordinal);
        Assert.Equal([IndexPath], Directory.GetFiles(_folder));
        using VectorIndex index = VectorIndex.Open(IndexPath);
        Assert.Equal(4, index.Count);

        string Throws((string, float[])[] wrong) => Assert.Throws<ArgumentException>(() => VectorIndex.Build(IndexPath, settings, wrong)).Message;
    }

    [Fact]
    public void Wrong_queries_are_refused()
    {
        using VectorIndex index = Build(16, Random(4, 16));
        Assert.Throws<ArgumentException>(() => index.Search(new float[15], 1));
        Assert.Throws<ArgumentException>(() => index.Search(new float[16].Select(_ => float.NaN).ToArray(), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Search(new float[16], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Id(4));
        index.Dispose();
        Assert.Throws<ObjectDisposedException>(() => index.Search(new float[16], 1));
    }

    private string IndexPath => Path.Combine(_folder, "index");

    private VectorIndex Build(int dimension, float[][] vectors)
    {
        MbatSettings settings = new() { Dimension = dimension, Seed = 1 };
        Assert.Equal(vectors.Length, VectorIndex.Build(IndexPath, settings, vectors.Select((v, i) => ("v" + i, v))));
        return VectorIndex.Open(IndexPath);
    }

    private static float[][] Random(int count, int dimension)
    {
        Random random = new(count * 31 + dimension);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            double[] x = [.. Enumerable.Range(0, dimension).Select(_ => random.NextDouble() + random.NextDouble() - 1)];
            double length = Math.Sqrt(x.Sum(v => v * v));
            return x.Select(v => (float)(v / length)).ToArray();
        })];
    }
}
