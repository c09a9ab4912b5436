using System.IO.Compression;
using System.Text;

namespace Ranking.Mbat.Tests;

public class CorpusTests
{
    [Fact]
    public void Lines_are_wrapped_or_bare()
    {
        string corpus = """
            {"id":"a","label":"x","doc":{"k":1}}
            {"doc":[1,2]}

              {"id":7,"doc":"é"}  
            {"id":1,"doc":2,"more":3}
            {"id":"b"}
            "text"
            [{"id":1,"doc":2}]
            """;
        Assert.Equal(
            ["a|x|{\"k\":1}|1:29", "2||[1,2]|2:8", "7||\"é\"|4:17", "5||{\"id\":1,\"doc\":2,\"more\":3}|5:1", "6||{\"id\":\"b\"}|6:1", "7||\"text\"|7:1", "8||[{\"id\":1,\"doc\":2}]|8:1"],
            Read(corpus.ReplaceLineEndings("\r\n")));
    }

    [Theory]
    [InlineData("[\n {\"id\":\"a\",\n  \"doc\":{\"k\":1}},\n 2, [3]\n]\n", CorpusFormat.Auto)]
    [InlineData("\uFEFF [\n {\"id\":\"a\",\n  \"doc\":{\"k\":1}},\n 2, [3]\n]", CorpusFormat.Array)]
    public void An_array_gives_its_elements(string corpus, CorpusFormat format)
    {
        Assert.Equal(["a||{\"k\":1}|3:9", "2||2|4:2", "3||[3]|4:5"], Read(corpus, format));
        // One byte at a time, so that every token is cut somewhere.
        Assert.Equal(["a||{\"k\":1}|3:9", "2||2|4:2", "3||[3]|4:5"], Read(new Trickle(Encoding.UTF8.GetBytes(corpus)), format));
    }

    [Fact]
    public void An_array_on_one_line_is_a_document_unless_the_file_says_json()
    {
        Assert.Equal(["1||[1,2]|1:1"], Read("[1,2]\n"));
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, "[1,2]");
        using (CorpusReader reader = CorpusReader.Open(path))
            Assert.Equal(["1||1|1:2", "2||2|1:4"], All(reader));
        File.Delete(path);
    }

    [Fact]
    public void Gzip_and_long_lines_read_as_they_are()
    {
        string corpus = string.Join("\n", Enumerable.Range(0, 50).Select(i => $"{{\"id\":\"{i}\",\"doc\":\"{new string('x', i * 3000)}\"}}"));
        MemoryStream zipped = new();
        using (GZipStream gzip = new(zipped, CompressionMode.Compress, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(corpus));
        Assert.Equal(Read(corpus), Read(new MemoryStream(zipped.ToArray())));
        Assert.Equal(50, Read(new Trickle(zipped.ToArray())).Count);
        MbatFormatException error = Assert.Throws<MbatFormatException>(() => Read(new MemoryStream(zipped.ToArray()[..400])));
        Assert.Contains("gzip", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"id\":[1],\"doc\":1}", "line 1, column 7: id: a string or a number is expected")]
    [InlineData("1\n{\"label\":{},\"doc\":1}", "line 2, column 10: label: a string or a number is expected")]
    [InlineData("[\n1,\n2 3]", "line 3, column 3: after document 2: *")]
    [InlineData("[\n1\n] 4", "line 3, column 2: nothing is expected after the array")]
    [InlineData("[\n1,", "line 2, column 2: after document 1: *")]
    public void Broken_corpora_are_refused_where_they_break(string corpus, string message)
    {
        string found = Assert.Throws<MbatFormatException>(() => Read(corpus)).Message;
        Assert.StartsWith(message.TrimEnd('*'), found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_document_is_placed_in_its_file()
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = 16 });
        List<string> ids = [];
        string corpus = "{\"id\":\"é\",\"doc\":{\"a\":1}}\n{\"id\":\"b\",\"doc\":1}\n\n {\"a\":nul}";
        using CorpusReader reader = new(new MemoryStream(Encoding.UTF8.GetBytes(corpus)));
        MbatFormatException error = Assert.Throws<MbatFormatException>(() => CorpusEncoder.Run(reader, encoder, (id, _, _) => ids.Add(id)));
        Assert.Equal((4, 10), (error.Line, error.Column));
        Assert.Equal(["é", "b"], ids);
    }

    [Theory]
    [InlineData(VectorFormat.Json, "v.jsonl")]
    [InlineData(VectorFormat.Npy, "v.npy")]
    [InlineData(VectorFormat.F32, "v.f32")]
    public void Vectors_come_back_from_every_format(VectorFormat format, string name)
    {
        string folder = Directory.CreateTempSubdirectory("mbat").FullName;
        string path = Path.Combine(folder, name);
        MbatEncoder encoder = new(new MbatSettings { Dimension = 48, Seed = 5 });
        string corpus = string.Join("\n", Enumerable.Range(0, 700).Select(i => $"{{\"i\":{i}}}"));
        using (CorpusReader reader = new(new MemoryStream(Encoding.UTF8.GetBytes(corpus))))
        using (VectorWriter writer = VectorWriter.Create(path, format, encoder.Settings))
        {
            Assert.Equal(700, CorpusEncoder.Run(reader, encoder, writer, threads: 2));
            Assert.Equal((700, (long?)corpus.Length, (long)corpus.Length), (writer.Count, reader.SourceLength, reader.SourceBytesRead));
        }
        List<(string Id, float[] Vector)> read = [.. VectorReader.Read(path, 48)];
        Assert.Equal(700, read.Count);
        for (int i = 0; i < 700; i++)
        {
            Assert.Equal((i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), read[i].Id);
            Assert.Equal(encoder.Encode($"{{\"i\":{i}}}"), read[i].Vector);
        }
        if (format != VectorFormat.Json)
            Assert.Equal(encoder.SettingsHash, VectorReader.SettingsBeside(path)!.Hash());
        if (format == VectorFormat.Npy)
        {
            byte[] bytes = File.ReadAllBytes(path);
            Assert.Equal(128 + 700 * 48 * 4, bytes.Length);
            Assert.Contains("'shape': (700, 48)", Encoding.ASCII.GetString(bytes, 10, 118), StringComparison.Ordinal);
            Assert.Throws<InvalidDataException>(() => VectorReader.Read(path, 64).Count());
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Npy_to_a_pipe_is_refused()
    {
        using Stream pipe = new GZipStream(Stream.Null, CompressionMode.Compress);
        Assert.Throws<ArgumentException>(() => new VectorWriter(pipe, VectorFormat.Npy, 16));
    }

    private static List<string> Read(string corpus, CorpusFormat format = CorpusFormat.Auto) => Read(new MemoryStream(Encoding.UTF8.GetBytes(corpus)), format);

    private static List<string> Read(Stream stream, CorpusFormat format = CorpusFormat.Auto)
    {
        using CorpusReader reader = new(stream, format);
        return All(reader);
    }

    private static List<string> All(CorpusReader reader)
    {
        List<string> documents = [];
        while (reader.Read(out CorpusDocument d))
            documents.Add($"{d.Id}|{d.Label}|{Encoding.UTF8.GetString(d.Json.Span)}|{d.Line}:{d.Column}");
        return documents;
    }

    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 1)]);
    }
}
