using System.Net.Http.Headers;
using System.Text.Json;
using MessagePack;
using Ranking.Client;
using Ranking.Client.Formats;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Rows;
using Ranking.Models;

namespace Ranking.Serving.Tests;

/// <summary>What a request gets, over HTTP, from a real model and real rows.</summary>
[Collection("one after another, since tests count tensors and commands of the whole process")]
public sealed class RankTests(SharedRanker shared) : IClassFixture<SharedRanker>
{
    readonly TestRanker ranker = shared.Ranker;

    [Fact]
    public async Task Scores_are_those_of_the_model_on_the_builders_features()
    {
        RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request(explain: true));
        Assert.False(answer.Degraded, string.Join(", ", answer.DegradedReasons));
        var plan = new FeaturePlan(ranker.Spec);
        var builder = new FeatureBuilder(plan);
        Dictionary<(string Kind, string Id), byte[]> rows = ranker.Rows();
        using IScoringModel model = Training.VersionModel.Load(ranker.Registry.Open(ranker.Spec.Name));
        long now = TestRanker.Now.ToUnixTimeMilliseconds();
        foreach (RankedItem item in answer.Ranked)
        {
            int i = int.Parse(item.Id[1..], System.Globalization.CultureInfo.InvariantCulture);
            var fields = new RequestFields(now, "u1", item.Id, null, [FieldValue.Of("home"), default, FieldValue.Of(i), FieldValue.Of($"a{i % 3}")], Serving: true);
            var draft = new FeatureDraft(plan);
            builder.AddRequest(draft, fields);
            foreach ((string kind, string id) in ((string, string)[])[("user", "u1"), ("item", item.Id), ("author", $"a{i % 3}")])
                builder.AddOwner(draft, plan.Owner(kind)!, new PackedRow(plan, plan.Owner(kind)!, rows[(kind, id)]), fields, builder.CutOf(now));
            FeatureVector expected = draft.Build();
            float[] scores = model.Score([expected]);
            Assert.Equal(scores[0], item.Scores["click"], 1e-6);
            Assert.Equal(scores[1], item.Scores["long_view"], 1e-6);
            Assert.Equal(item.Scores["click"], item.Score);
            foreach (FeatureColumn column in plan.Layout.Columns)
            {
                if (!column.IsIds && column.Width > 1) Assert.Equal(expected.Numbers[column.Index..(column.Index + column.Width)].Select(n => (double)n), (double[])item.Features![column.Feature].Value!);
                else if (!column.IsIds) Assert.Equal((double)expected.Numbers[column.Index], item.Features![column.Feature].Value);
                else if (expected.IdsOf(column.Index).Length == 0) Assert.Null(item.Features![column.Feature].Value);
                else if (column.Width == 1) Assert.Equal(expected.IdsOf(column.Index)[0], item.Features![column.Feature].Value);
                else Assert.Equal(expected.IdsOf(column.Index).ToArray(), (string[])item.Features![column.Feature].Value!);
            }
        }
        Assert.Equal("Berlin", answer.Ranked[0].Features!["city"].Value);
        Assert.Equal(answer.Ranked.OrderByDescending(r => r.Score).Select(r => r.Id), answer.Ranked.Select(r => r.Id));
    }

    [Fact]
    public async Task Weights_blend_labels_and_limit_cuts()
    {
        RankRequest request = TestRanker.Request(10) with { Weights = new Dictionary<string, double> { ["click"] = 0.25, ["long_view"] = -2 }, Limit = 3 };
        RankAnswer answer = await ranker.Client.RankAsync(request);
        RankAnswer all = await ranker.Client.RankAsync(request with { Limit = null });
        Assert.Equal(3, answer.Ranked.Count);
        Assert.Equal(10, all.Ranked.Count);
        Assert.Equal(all.Ranked.Take(3).Select(r => r.Id), answer.Ranked.Select(r => r.Id));
        foreach (RankedItem item in all.Ranked) Assert.Equal(0.25 * item.Scores["click"] - 2 * item.Scores["long_view"], item.Score, 1e-12);
    }

    [Fact]
    public async Task Equal_scores_stay_in_the_order_of_the_request_and_copies_are_ranked_once()
    {
        // Items that nobody knows, without features of their own: the model cannot tell them apart.
        string[] ids = [.. Enumerable.Range(0, 40).Select(i => $"unknown{(i * 17) % 40}")];
        RankAnswer answer = await ranker.Client.RankAsync(new() { User = "nobody", Time = TestRanker.Now, Candidates = [.. ids.Concat(ids).Select(Candidate.FromString)] });
        Assert.Single(answer.Ranked.Select(r => r.Score).Distinct());
        Assert.Equal(ids, answer.Ranked.Select(r => r.Id));
    }

    [Fact]
    public async Task MessagePack_and_JSON_give_the_same_answer()
    {
        using var client = new RankingClient(ranker.Host.Http, new() { MessagePack = true, Timeout = TimeSpan.FromSeconds(60) });
        RankRequest request = TestRanker.Request(10, explain: true) with { RequestId = "r1", Weights = new Dictionary<string, double> { ["click"] = 1, ["long_view"] = 0.5 } };
        RankAnswer json = await ranker.Client.RankAsync(request), packed = await client.RankAsync(request);
        Assert.Equal(JsonSerializer.Serialize(json, RankingJson.Default.RankAnswer), JsonSerializer.Serialize(packed, RankingJson.Default.RankAnswer));
        Assert.Equal("r1", packed.RequestId);
    }

    [Fact]
    public async Task Accept_chooses_the_answers_form_apart_from_the_bodys()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/rank") { Content = new StringContent("""{"user":"u","candidates":[1,2]}""", new MediaTypeHeaderValue("application/json")) };
        request.Headers.Accept.ParseAdd("application/x-msgpack, application/json;q=0.5");
        using HttpResponseMessage answer = await ranker.Http.SendAsync(request);
        Assert.Equal("application/x-msgpack", answer.Content.Headers.ContentType!.MediaType);
        RankAnswer read = MessagePackSerializer.Deserialize<RankAnswer>(await answer.Content.ReadAsByteArrayAsync(), RankingMessagePack.Options);
        Assert.Equal(["1", "2"], read.Ranked.Select(r => r.Id).Order());
    }

    [Fact]
    public async Task A_time_before_what_rows_hold_is_degraded_as_stale()
    {
        RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request() with { Time = TestRanker.Now.AddDays(-1).AddSeconds(-20) });
        Assert.Contains("stale_time", answer.DegradedReasons);
        Assert.Equal(5, answer.Ranked.Count);
    }

    [Fact]
    public async Task Models_health_metrics_and_documents_are_there()
    {
        Assert.Equal("small@1", (await ranker.Client.ModelsAsync()).Serving);
        await ranker.Client.RankAsync(TestRanker.Request());
        string metrics = await ranker.Http.GetStringAsync(new Uri(ranker.Host.Admin, "metrics"));
        foreach (string name in (string[])["ranking_requests_total", "ranking_stage_duration_seconds", "ranking_rows_read_total", "ranking_model_serving", "http_server_request_duration_seconds_bucket", "http_route=\"/v1/rank\"", "kestrel_active_connections"]) Assert.Contains(name, metrics, StringComparison.Ordinal);
        Assert.Equal("alive\n", await ranker.Http.GetStringAsync(new Uri(ranker.Host.Admin, "healthz")));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await ranker.Http.GetAsync(new Uri(ranker.Host.Admin, "v1/models"))).StatusCode);
        using JsonDocument openApi = JsonDocument.Parse(await ranker.Http.GetStringAsync("openapi/v1.json"));
        JsonElement rank = openApi.RootElement.GetProperty("paths").GetProperty("/v1/rank").GetProperty("post");
        Assert.True(rank.GetProperty("requestBody").GetProperty("content").TryGetProperty("application/x-msgpack", out _));
        Assert.Contains("deadline_ms", openApi.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("scalar", await ranker.Http.GetStringAsync("scalar/"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Logs_hold_no_ids_and_no_bodies()
    {
        await ranker.Client.RankAsync(TestRanker.Request() with { User = "secret-user" });
        await ranker.PostAsync("""{"user":"secret-user","candidates":["secret-item"],"wrong":1}""");
        Assert.NotEmpty(ranker.Log.All);
        Assert.DoesNotContain(ranker.Log.All, l => l.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_command_a_request_whatever_the_number_of_candidates()
    {
        // Tokens that were missing are written behind the requests, and now and then the connection is kept alive: neither is counted.
        await ranker.Client.RankAsync(TestRanker.Request(500));
        for (long last = -1; last != ranker.Host.RedisOperations(); await Task.Delay(500)) last = ranker.Host.RedisOperations();
        async Task<long> CommandsOf(int candidates)
        {
            long least = long.MaxValue;
            for (int i = 0; i < 5; i++)
            {
                long before = ranker.Host.RedisOperations();
                await ranker.Client.RankAsync(TestRanker.Request(candidates));
                least = Math.Min(least, ranker.Host.RedisOperations() - before);
            }
            return least;
        }
        long one = await CommandsOf(1), many = await CommandsOf(500);
        Assert.Equal(1, one);
        Assert.Equal(1, many);
    }

    [Fact]
    public void A_cached_token_gives_the_same_score_and_a_changed_item_is_a_miss()
    {
        using var scorer = new Versions.ModelScorer(Training.VersionModel.Load(ranker.Registry.Open(ranker.Spec.Name)), 1);
        Assert.True(scorer.UsesTokens);
        var plan = new FeaturePlan(ranker.Spec);
        var builder = new FeatureBuilder(plan);
        FeatureVector Item(string words)
        {
            var draft = new FeatureDraft(plan);
            var fields = new RequestFields(TestRanker.Now.ToUnixTimeMilliseconds(), "u1", "v1", null, new FieldValue[4], Serving: true);
            builder.AddRequest(draft, fields);
            foreach (OwnerPlan owner in plan.Owners) builder.AddMissingOwner(draft, owner, fields);
            draft[plan.Layout.Columns.Single(c => c.Feature == "words")] = [words];
            return draft.Build();
        }
        float[] Score(FeatureVector item, byte[]?[]? tokens, out List<Versions.ComputedToken> missed)
        {
            var scores = new float[2];
            scorer.Score([item], tokens, scores, missed = []);
            return scores;
        }
        float[] plain = Score(Item("w1"), null, out _), computed = Score(Item("w1"), [null], out List<Versions.ComputedToken> first);
        byte[] token = Assert.Single(first).Value;
        float[] cached = Score(Item("w1"), [token], out List<Versions.ComputedToken> none);
        Assert.Empty(none);
        for (int l = 0; l < 2; l++)
        {
            Assert.Equal(plain[l], computed[l], 1e-6);
            Assert.Equal(plain[l], cached[l], 1e-6);
        }
        Score(Item("w2"), [token], out List<Versions.ComputedToken> changed);
        Assert.Single(changed);
        Score(Item("w1"), [token[..^4]], out List<Versions.ComputedToken> cut);
        Assert.Single(cut);
    }

    [Fact]
    public async Task Ten_thousand_requests_leave_no_tensor_behind()
    {
        await ranker.Client.RankAsync(TestRanker.Request());
        long before = TorchSharp.torch.Tensor.TotalCount;
        RankRequest request = TestRanker.Request(2);
        await Parallel.ForEachAsync(Enumerable.Range(0, 10_000), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (_, cancel) => await ranker.Client.RankAsync(request, cancel));
        Assert.True(TorchSharp.torch.Tensor.TotalCount <= before, $"{before} tensors before, {TorchSharp.torch.Tensor.TotalCount} after");
    }
}
