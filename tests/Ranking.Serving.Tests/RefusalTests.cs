using System.Net;
using System.Text;
using CsCheck;
using MessagePack;
using Ranking.Client;

namespace Ranking.Serving.Tests;

/// <summary>Bodies that cannot be used: each refusal names the field, what was found and what was expected, and none is a 500.</summary>
[Collection("one after another, since tests count tensors and commands of the whole process")]
public sealed class RefusalTests(SharedRanker shared) : IClassFixture<SharedRanker>
{
    readonly TestRanker ranker = shared.Ranker;

    public static TheoryData<string, string, string> Bodies => new()
    {
        { "", "$", "not JSON" },
        { "nonsense", "$", "line 1" },
        { "[]", "$", "a JSON object" },
        { """{"user":"u","candidates":["a"]} x""", "$", "not JSON" },
        { """{"candidates":["a"]}""", "$.user", "the user's id" },
        { """{"user":"u"}""", "$.candidates", "candidates_from" },
        { """{"user":null,"candidates":["a"]}""", "$.user", "null" },
        { """{"user":"","candidates":["a"]}""", "$.user", "1 to 512 bytes" },
        { """{"user":1.5,"candidates":["a"]}""", "$.user", "1.5" },
        { """{"user":"u","candidats":["a"]}""", "$.candidats", "did you mean 'candidates'" },
        { """{"user":"u","user":"v","candidates":["a"]}""", "$.user", "the key twice" },
        { """{"user":"u","candidates":[]}""", "$.candidates", "at least one" },
        { """{"user":"u","candidates":"a"}""", "$.candidates", "a list of candidates" },
        { """{"user":"u","candidates":["a",true]}""", "$.candidates[1]", "true" },
        { """{"user":"u","candidates":[{"features":{}}]}""", "$.candidates[0].id", "the item's id" },
        { """{"user":"u","candidates":["\ud800"]}""", "$.candidates[0]", "valid UTF-8" },
        { """{"user":"u","candidates":[{"id":"a","features":{"price":"cheap"}}]}""", "$.candidates[0].features.price", "cheap" },
        { """{"user":"u","candidates":[{"id":"a","features":{"price":1e39}}]}""", "$.candidates[0].features.price", "finite" },
        { """{"user":"u","candidates":[{"id":"a","features":{"prise":1}}]}""", "$.candidates[0].features.prise", "did you mean 'price'" },
        { """{"user":"u","candidates":[{"id":"a","features":{"tab":"x"}}]}""", "$.candidates[0].features.tab", "$.context" },
        { """{"user":"u","candidates":[{"id":"a","features":{"price":1}},{"id":"a","features":{"price":2}}]}""", "$.candidates[1]", "other features" },
        { """{"user":"u","candidates":["a"],"context":{"price":1}}""", "$.context.price", "candidates[i].features" },
        { """{"user":"u","candidates":["a"],"context":{"shown":["1","2","3","4","5","6"]}}""", "$.context.shown", "at most 5" },
        { """{"user":"u","candidates":["a"],"context":{"shown":["1",{}]}}""", "$.context.shown[1]", "an object" },
        { """{"user":"u","candidates":["a"],"time":"2022-05-06T00:00:00"}""", "$.time", "offset" },
        { """{"user":"u","candidates":["a"],"time":1651766400}""", "$.time", "ISO 8601" },
        { """{"user":"u","candidates":["a"],"time":"2022-13-06T00:00:00Z"}""", "$.time", "2022-13-06" },
        { """{"user":"u","candidates":["a"],"weights":{"clik":1}}""", "$.weights.clik", "did you mean 'click'" },
        { """{"user":"u","candidates":["a"],"weights":{"click":"NaN"}}""", "$.weights.click", "finite number" },
        { """{"user":"u","candidates":["a"],"weights":{"click":1e999}}""", "$.weights.click", "finite number" },
        { """{"user":"u","candidates":["a"],"weights":{"click":0}}""", "$.weights", "other than 0" },
        { """{"user":"u","candidates":["a"],"limit":0}""", "$.limit", "from 1" },
        { """{"user":"u","candidates":["a"],"limit":1.5}""", "$.limit", "integer" },
        { """{"user":"u","candidates":["a"],"deadline_ms":0}""", "$.deadline_ms", "from 1 to 60000" },
        { """{"user":"u","candidates":["a"],"explain":"yes"}""", "$.explain", "true or false" },
        { """{"user":"u","candidates_from":{"similar_to":"v1"}}""", "$.candidates_from.k", "1000" },
        { """{"user":"u","candidates":["a"],"request_id":""}""", "$.request_id", "128 bytes" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_wrong_field_is_named(string body, string field, string fragment)
    {
        using HttpResponseMessage answer = await ranker.PostAsync(body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Problem problem = await TestRanker.ProblemAsync(answer);
        Assert.Equal(field, problem.Field);
        Assert.Contains(fragment, problem.Detail, StringComparison.Ordinal);
        Assert.Equal("RNK5001", problem.Code);
    }

    [Fact]
    public async Task Long_ids_and_lists_and_bodies_are_refused()
    {
        using HttpResponseMessage id = await ranker.PostAsync($$"""{"user":"{{new string('ü', 257)}}","candidates":["a"]}""");
        Assert.Contains("514 bytes", (await TestRanker.ProblemAsync(id)).Detail, StringComparison.Ordinal);
        using HttpResponseMessage list = await ranker.PostAsync($$"""{"user":"u","candidates":[{{string.Join(',', Enumerable.Range(0, 501))}}]}""");
        Assert.Equal((HttpStatusCode)413, list.StatusCode);
        Assert.Equal("$.candidates", (await TestRanker.ProblemAsync(list)).Field);
        using HttpResponseMessage body = await ranker.PostAsync($$"""{"user":"u","candidates":["{{new string('x', 100_000)}}"]}""");
        Assert.Equal((HttpStatusCode)413, body.StatusCode);
        Assert.Equal("RNK5002", (await TestRanker.ProblemAsync(body)).Code);
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "v1/rank") { Content = new StringContent(new string(' ', 200_000), Encoding.UTF8, "application/json") };
        chunked.Headers.TransferEncodingChunked = true;
        using HttpResponseMessage streamed = await ranker.Http.SendAsync(chunked);
        Assert.Equal((HttpStatusCode)413, streamed.StatusCode);
    }

    [Fact]
    public async Task Media_types_paths_and_methods_are_refused_with_problems()
    {
        using HttpResponseMessage type = await ranker.Http.PostAsync("v1/rank", new StringContent("{}", Encoding.UTF8, "text/plain"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, type.StatusCode);
        Assert.Equal("RNK5008", (await TestRanker.ProblemAsync(type)).Code);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/rank") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        request.Headers.Accept.ParseAdd("text/html");
        using HttpResponseMessage accept = await ranker.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotAcceptable, accept.StatusCode);
        using HttpResponseMessage path = await ranker.Http.GetAsync("v1/rnk");
        Assert.Equal(HttpStatusCode.NotFound, path.StatusCode);
        Assert.Equal("RNK5009", (await TestRanker.ProblemAsync(path)).Code);
        using HttpResponseMessage method = await ranker.Http.GetAsync("v1/rank");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, method.StatusCode);
        Assert.Equal("RNK5009", (await TestRanker.ProblemAsync(method)).Code);
    }

    [Fact]
    public async Task MessagePack_is_refused_as_JSON_is()
    {
        async Task<Problem> Post(byte[] body)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new("application/x-msgpack");
            using HttpResponseMessage answer = await ranker.Http.PostAsync("v1/rank", content);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            return await TestRanker.ProblemAsync(answer);
        }
        Assert.Equal("$.weights.click", (await Post(MessagePackSerializer.Serialize(new Dictionary<string, object>
        {
            ["user"] = "u",
            ["candidates"] = new[] { "a" },
            ["weights"] = new Dictionary<string, double> { ["click"] = double.NaN },
        }))).Field);
        Assert.Equal("$.user", (await Post([0x82, 0xa4, (byte)'u', (byte)'s', (byte)'e', (byte)'r', 0xa1, 0xff, 0xa1, (byte)'c', 0xc0])).Field);
        Assert.Equal("$", (await Post([0xc1])).Field);
        Assert.Equal("$", (await Post([0xdf, 0xff, 0xff, 0xff, 0xff])).Field); // a map that claims four billion entries
        Assert.Equal("$", (await Post([.. Enumerable.Repeat((byte)0x91, 10_000)])).Field); // nested ten thousand deep
    }

    [Fact]
    public async Task Random_damage_never_gives_a_500()
    {
        const string whole = """
            {"request_id":"r","user":"u1","time":"2022-05-06T00:00:00+08:00","context":{"tab":"home","shown":["v1"]},
            "candidates":["v1",{"id":"v2","features":{"price":3.5,"author":"a1"}}],"weights":{"click":1,"long_view":0.5},"limit":10,"deadline_ms":5000,"explain":true}
            """;
        byte[] json = Encoding.UTF8.GetBytes(whole), packed = MessagePackSerializer.ConvertFromJson(whole);
        var replacements = (byte[][])[.. ((string[])["", "null", "{}", "[]", "\"", "-1", "1e400", "\\u0000", "\\udc00", "true", "\xff", "99999999999999999999"]).Select(Encoding.UTF8.GetBytes), [0xff, 0xfe]];
        Gen<byte[]> Damaged(byte[] body) => Gen.Select(Gen.Int[0, body.Length - 1], Gen.Int[0, 12], Gen.OneOf([.. replacements.Select(r => Gen.Const(r))]), Gen.Byte)
            .Select((at, cut, insert, flip) => cut == 12 ? [.. body[..at], (byte)(body[at] ^ flip), .. body[(at + 1)..]] : (byte[])[.. body[..at], .. insert, .. body[Math.Min(body.Length, at + cut)..]]);
        foreach ((byte[] body, string type) in ((byte[], string)[])[(json, "application/json"), (packed, "application/x-msgpack")])
        {
            await Damaged(body).SampleAsync(async damaged =>
            {
                using var content = new ByteArrayContent(damaged);
                content.Headers.ContentType = new(type);
                using HttpResponseMessage answer = await ranker.Http.PostAsync("v1/rank", content);
                if (answer.StatusCode != HttpStatusCode.OK) await TestRanker.ProblemAsync(answer);
                Assert.True((int)answer.StatusCode < 500, Encoding.UTF8.GetString(damaged));
            }, iter: 1_500);
        }
        Assert.DoesNotContain(ranker.Log.All, l => l.Contains("RNK0099", StringComparison.Ordinal));
    }
}
