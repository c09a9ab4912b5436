using System.Net;
using System.Text;
using System.Text.Json;
using MessagePack;
using Ranking.Client.Formats;

namespace Ranking.Client.Tests;

/// <summary>What the client sends, reads, and does when a server fails.</summary>
public class RankingClientTests
{
    static readonly RankRequest Request = new()
    {
        User = "u",
        Time = new DateTimeOffset(2022, 5, 6, 0, 0, 0, TimeSpan.FromHours(8)),
        Context = new Dictionary<string, FeatureValue> { ["tab"] = "home", ["shown"] = new[] { "a", "b" } },
        Candidates = ["v1", new("v2", new Dictionary<string, FeatureValue> { ["price"] = 3.5 })],
        Weights = new Dictionary<string, double> { ["click"] = 1 },
    };

    const string Answer = """{"request_id":"r","model":"m@1","degraded":false,"degraded_reasons":[],"ranked":[{"id":"v1","score":0.5,"scores":{"click":0.5},"features":{"a":null,"b":[1,2],"c":["x"],"d":"y","e":2}}]}""";

    [Fact]
    public void A_request_is_the_same_in_JSON_and_MessagePack()
    {
        string json = JsonSerializer.Serialize(Request, RankingJson.Default.RankRequest);
        Assert.Equal("""{"user":"u","time":"2022-05-06T00:00:00+08:00","context":{"tab":"home","shown":["a","b"]},"candidates":["v1",{"id":"v2","features":{"price":3.5}}],"weights":{"click":1},"explain":false}""",
            json.Replace("\\u002B", "+", StringComparison.Ordinal));
        RankRequest read = MessagePackSerializer.Deserialize<RankRequest>(MessagePackSerializer.Serialize(Request, RankingMessagePack.Options), RankingMessagePack.Options);
        Assert.Equal(json, JsonSerializer.Serialize(read, RankingJson.Default.RankRequest));
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_with_the_same_request_id()
    {
        var server = new Server(n => n < 2 ? new(HttpStatusCode.ServiceUnavailable) : Ok());
        RankAnswer answer = await server.Client().RankAsync(Request);
        Assert.Equal(3, server.Bodies.Count);
        Assert.Single(server.Bodies.Distinct());
        Assert.Contains("request_id", server.Bodies[0], StringComparison.Ordinal);
        Assert.Equal([1.0, 2.0], (double[])answer.Ranked[0].Features!["b"].Value!);
        Assert.Null(answer.Ranked[0].Features!["a"].Value);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    [InlineData(HttpStatusCode.InternalServerError)]
    public async Task Other_answers_are_final_and_carry_the_problem(HttpStatusCode status)
    {
        var server = new Server(_ => new(status) { Content = new StringContent("""{"status":400,"code":"RNK5001","detail":"$.user: wrong","field":"$.user"}""", Encoding.UTF8, "application/problem+json") });
        RankingClientException e = await Assert.ThrowsAsync<RankingClientException>(() => server.Client().RankAsync(Request));
        Assert.Equal("RNK5001", e.Problem!.Code);
        Assert.Equal("RNK5001: $.user: wrong", e.Message);
        Assert.Single(server.Bodies);
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again_and_then_told()
    {
        var server = new Server(_ => throw new HttpRequestException("connection refused"));
        RankingClientException e = await Assert.ThrowsAsync<RankingClientException>(() => server.Client().RankAsync(Request));
        Assert.Contains("connection refused", e.Message, StringComparison.Ordinal);
        Assert.Equal(3, server.Bodies.Count);
    }

    [Fact]
    public async Task Whatever_a_proxy_answers_is_a_problem()
    {
        var server = new Server(_ => new(HttpStatusCode.BadGateway) { Content = new StringContent("<html>") });
        RankingClientException e = await Assert.ThrowsAsync<RankingClientException>(() => server.Client().RankAsync(Request));
        Assert.Equal(502, e.Problem!.Status);
        var nonsense = new Server(_ => new(HttpStatusCode.OK) { Content = new StringContent("<html>") });
        Assert.Contains("not a RankAnswer", (await Assert.ThrowsAsync<RankingClientException>(() => nonsense.Client().RankAsync(Request))).Message, StringComparison.Ordinal);
    }

    static HttpResponseMessage Ok() => new(HttpStatusCode.OK) { Content = new StringContent(Answer, Encoding.UTF8, "application/json") };

    sealed class Server(Func<int, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        public RankingClient Client() => new(new HttpClient(this) { BaseAddress = new("http://ranker.invalid/") }, new() { Timeout = TimeSpan.FromSeconds(30), RetryDelay = TimeSpan.FromMilliseconds(1) });

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bodies.Add(await request.Content!.ReadAsStringAsync(cancellationToken));
            return answer(Bodies.Count - 1);
        }
    }
}
