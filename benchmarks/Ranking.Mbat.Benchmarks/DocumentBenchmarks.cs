using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;

namespace Ranking.Mbat.Benchmarks;

/// <summary>
/// Documents at D 1024 by one thread, against System.Text.Json's parser alone. Real corpora are read from the folder that
/// RANKING_SHARED_DATA names (shared/data); "leaf_poor" is made: eight members, four of them long tokens.
/// </summary>
public class DocumentBenchmarks
{
    private const int Documents = 500;
    private readonly float[] _vector = new float[1024];
    private byte[][] _documents = [];
    private MbatEncoder _encoder = null!;

    [Params("pokeapi", "wikipedia_movies", "leaf_poor")]
    public string Corpus { get; set; } = "";

    [Params(Normalization.Unit, Normalization.Raw)]
    public Normalization Normalization { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _encoder = new MbatEncoder(new MbatSettings { Dimension = 1024, Normalization = Normalization });
        if (Corpus == "leaf_poor")
        {
            _documents = [.. Enumerable.Range(0, Documents).Select(i => Encoding.UTF8.GetBytes(
                $"{{\"id\":{i},\"kind\":\"blob\",\"ok\":true,\"size\":4096,{string.Join(",", Enumerable.Range(0, 4).Select(j => $"\"part{j}\":\"{new string((char)('a' + (i + j) % 26), 1000)}\""))}}}"))];
            return;
        }
        string folder = Environment.GetEnvironmentVariable("RANKING_SHARED_DATA") ?? "../shared/data";
        using CorpusReader reader = CorpusReader.Open(Path.Combine(folder, "json", Corpus + ".jsonl.gz"));
        List<byte[]> all = [];
        while (reader.Read(out CorpusDocument document))
            all.Add(document.Json.ToArray());
        _documents = [.. Enumerable.Range(0, Documents).Select(i => all[(int)((long)i * all.Count / Documents)])];
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Documents)]
    public void JsonDocument_Parse()
    {
        foreach (byte[] document in _documents)
            JsonDocument.Parse(document).Dispose();
    }

    [Benchmark(OperationsPerInvoke = Documents)]
    public void Mbat()
    {
        foreach (byte[] document in _documents)
            _encoder.Encode(document, _vector);
    }
}
