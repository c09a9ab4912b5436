using System.Text;

namespace Ranking.Mbat.Tests;

/// <summary>Hostile and odd documents: a clear error or a vector, never anything else.</summary>
public class BadInputTests
{
    private readonly MbatEncoder _encoder = new(new MbatSettings());

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("{\n  \"a\": 1,\n  \"é日\" 2\n}", 3, 8)]
    [InlineData("[1,2", 1, 5)]
    [InlineData("{\"a\":1}\n{\"b\":2}", 2, 1)]
    [InlineData("[1,]", 1, 4)]
    [InlineData("nul", 1, 4)]
    [InlineData("\"a\tb\"", 1, 3)]
    public void Faults_have_line_and_column(string json, long line, long column)
    {
        MbatFormatException error = Assert.Throws<MbatFormatException>(() => _encoder.Encode(json));
        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.StartsWith($"line {line}, column {column}: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", error.Message, StringComparison.Ordinal);
        Assert.NotNull(_encoder.Encode("{}"));
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_where_they_stand()
    {
        byte[] json = [.. Encoding.UTF8.GetBytes("[1,\n\"é"), 0xC3, 0x28, (byte)'"', (byte)']'];
        MbatFormatException error = Assert.Throws<MbatFormatException>(() => Encode(_encoder, json));
        Assert.Equal("line 2, column 3: byte 0xC3 is not UTF-8", error.Message);
        error = Assert.Throws<MbatFormatException>(() => Encode(_encoder, Encoding.Unicode.GetBytes("\uFEFF{}")));
        Assert.Equal("line 1, column 1: byte 0xFF is not UTF-8; it looks like UTF-16", error.Message);
    }

    [Fact]
    public void A_byte_order_mark_changes_nothing() =>
        Assert.Equal(_encoder.Encode("{\"a\":1}"), Encode(_encoder, [0xEF, 0xBB, 0xBF, .. "{\"a\":1}"u8]));

    [Fact]
    public void Depth_has_a_limit()
    {
        MbatEncoder shallow = new(new MbatSettings { MaxDepth = 3 });
        Assert.NotNull(shallow.Encode("[[[1]]]"));
        Assert.Equal(1, Assert.Throws<MbatFormatException>(() => shallow.Encode("[[[[1]]]]")).Line);
        Assert.NotNull(_encoder.Encode(new string('[', 64) + new string(']', 64)));
        Assert.Throws<MbatFormatException>(() => _encoder.Encode(new string('[', 100_000)));
        MbatEncoder deep = new(new MbatSettings { MaxDepth = 1000 });
        Assert.NotNull(deep.Encode(string.Concat(Enumerable.Repeat("{\"a\":[", 500)) + string.Concat(Enumerable.Repeat("]}", 500))));
    }

    [Fact]
    public void A_repeated_key_can_be_refused()
    {
        MbatEncoder strict = new(new MbatSettings { DuplicateKeys = DuplicateKeys.Error });
        Assert.NotNull(strict.Encode("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"));
        MbatFormatException error = Assert.Throws<MbatFormatException>(() => strict.Encode("{\"a\":1,\n \"\\u0061\":2}"));
        Assert.Equal("line 2, column 2: the object has this key twice", error.Message);
    }

    [Fact]
    public void Nested_repeated_keys_cost_no_more_than_their_length()
    {
        // Each level repeats its key: taking values back anew at each level would double the work 60 times.
        string json = "1";
        for (int level = 0; level < 60; level++)
            json = $"{{\"a\":{json},\"a\":{level}}}";
        Assert.Equal(_encoder.Encode("{\"a\":59}"), _encoder.Encode(json));
        json = "1";
        for (int level = 0; level < 60; level++)
            json = $"{{\"a\":{level},\"a\":{json},\"b\":[{{\"c\":1,\"c\":2}}]}}";
        Assert.Equal(_encoder.Encode(Documents.LastWins(json)), _encoder.Encode(json));
    }

    [Fact]
    public void Many_keys_are_counted_while_their_objects_are_open()
    {
        MbatEncoder few = new(new MbatSettings { MaxKeys = 4 });
        Assert.NotNull(few.Encode("[{\"a\":1,\"b\":1},{\"a\":1,\"b\":{\"c\":1,\"d\":1}}]"));
        MbatFormatException error = Assert.Throws<MbatFormatException>(() => few.Encode("{\"a\":1,\"b\":1,\"c\":{\"d\":1,\"e\":1}}"));
        Assert.Equal("line 1, column 25: the open objects hold more than 4 keys (max_keys)", error.Message);
    }

    [Fact]
    public void A_million_distinct_keys_take_bounded_memory()
    {
        StringBuilder json = new("{");
        for (int i = 0; i < 1_000_000; i++)
            json.Append(i == 0 ? "" : ",").Append("\"k").Append(i).Append("\":").Append(i % 7);
        json.Append(",\"k12345\":\"changed\"}");
        byte[] utf8 = Encoding.UTF8.GetBytes(json.ToString());
        MbatEncoder encoder = new(new MbatSettings { Dimension = 64 });
        long before = GC.GetAllocatedBytesForCurrentThread();
        float[] changed = Encode(encoder, utf8);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200 << 20);
        Assert.InRange(changed.Sum(x => (double)x * x), 0.999, 1.001);
        Assert.NotNull(encoder.Encode("{\"k1\":1}"));
    }

    [Fact]
    public void Lone_surrogates_and_odd_characters_are_values_of_their_own()
    {
        string[] documents = ["\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800\\uD800\"", "\"\\u0000\"", "\"\\uFFFF\"", "\"!\"", "\"!!\"", "\" \"", "\"\"", "\"\\uD83D\\uDE00\""];
        float[][] vectors = [.. documents.Select(_encoder.Encode)];
        for (int i = 0; i < vectors.Length; i++)
        {
            Assert.InRange(Documents.Cosine(vectors[i], vectors[i]), 0.9999, 1.0001);
            for (int j = 0; j < i; j++)
                Assert.InRange(Math.Abs(Documents.Cosine(vectors[i], vectors[j])), 0, 0.3);
        }
        Assert.Equal(_encoder.Encode("\"😀\""), _encoder.Encode("\"\\uD83D\\uDE00\""));
        Assert.NotEqual(_encoder.Encode("{\"\\uD800\":1}"), _encoder.Encode("{\"\\uD801\":1}"));
    }

    [Fact]
    public void Unicode_forms_are_different_words_and_case_is_not()
    {
        Assert.Equal(_encoder.Encode("\"ÄRGER Straße ДОМ Ǆ Ⅷ\""), _encoder.Encode("\"ärger straße дом ǆ ⅷ\""));
        Assert.InRange(_encoder.Cosine("\"caf\u00E9\"", "\"cafe\u0301\""), -0.3, 0.3);
        Assert.InRange(_encoder.Cosine("\"日本語\"", "\"日本人\""), 0.5, 0.8);
        Assert.Equal(_encoder.Encode("\"東京、大阪\""), _encoder.Encode("\"大阪 東京\""));
    }

    [Fact]
    public void A_wrong_span_is_refused() => Assert.Throws<ArgumentException>(() => _encoder.Encode("{}"u8, new float[255]));

    private static float[] Encode(MbatEncoder encoder, byte[] json)
    {
        float[] vector = new float[encoder.Dimension];
        encoder.Encode(json, vector);
        return vector;
    }
}
