using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Ranking.Client;
using Ranking.Features.Examples;
using Ranking.Mbat;
using Ranking.Store.Tests;
using Ranking.Store.Vectors;

namespace Ranking.Serving.Tests;

/// <summary>Similar documents and candidates from them, over vector sets that the sink has filled.</summary>
public sealed class RetrievalTests
{
    static readonly string[] Music = ["jazz", "rock", "waltz"];

    public static TheoryData<string> Servers => ["garnet", "redis8"];

    static Dictionary<string, string> Documents { get; } = Enumerable.Range(0, 30).ToDictionary(
        i => $"v{i}", i => $$"""{"music":"{{Music[i % 3]}}","words":["w{{i / 3}}","w{{i / 3 + 1}}"],"year":{{1990 + i}}}""", StringComparer.Ordinal);

    static string? AddressOf(string which)
    {
        if (which == "garnet") return null;
        string variable = "RANKING_TEST_" + which.ToUpperInvariant();
        string? address = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(address)) Assert.Skip($"{variable} names no server");
        return address;
    }

    static async Task<TestRanker> StartAsync(string which)
    {
        TestRanker ranker = await TestRanker.StartAsync(server: AddressOf(which));
        await ranker.WriteDocumentsAsync(Documents);
        return ranker;
    }

    static async Task<Problem> RefusedAsync(TestRanker ranker, HttpStatusCode status, string json, string path = "v1/similar")
    {
        using HttpResponseMessage answer = await ranker.PostAsync(json, path);
        Assert.Equal(status, answer.StatusCode);
        return await TestRanker.ProblemAsync(answer);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task By_document_by_id_and_by_vector_the_same_neighbours_come_nearest_first(string which)
    {
        await using TestRanker ranker = await StartAsync(which);
        MbatEncoder encoder = new(new FeaturePlan(ranker.Spec).Mbat);
        float[] query = encoder.Encode(Documents["v4"]);
        (string Id, double Similarity)[] exact = [.. Documents.Select(d => (d.Key, (double)System.Numerics.Tensors.TensorPrimitives.Dot<float>(query, encoder.Encode(d.Value)))).OrderByDescending(n => n.Item2)];
        SimilarAnswer byVector = await ranker.Client.SimilarAsync(new() { Vector = query, K = 6 });
        using JsonDocument document = JsonDocument.Parse(Documents["v4"]);
        SimilarAnswer byDocument = await ranker.Client.SimilarAsync(new() { Doc = document.RootElement, K = 6 });
        SimilarAnswer byId = await ranker.Client.SimilarAsync(new() { Id = "v4", K = 5 });
        Assert.Equal(exact.Take(6).Select(n => n.Similarity), byVector.Neighbours.Select(n => n.Similarity), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal("v4", byVector.Neighbours[0].Id);
        Assert.Equal(byVector.Neighbours.Select(n => n.Id), byDocument.Neighbours.Select(n => n.Id));
        Assert.Equal(byVector.Neighbours.Skip(1).Select(n => n.Id).Order(), byId.Neighbours.Select(n => n.Id).Order());
        Assert.Equal(29, (await ranker.Client.SimilarAsync(new() { Id = "v4", K = 1_000 })).Neighbours.Count);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Filters_choose_among_documents(string which)
    {
        await using TestRanker ranker = await StartAsync(which);
        SimilarAnswer jazz = await ranker.Client.SimilarAsync(new() { Id = "v4", K = 30, Filter = "music == 'jazz' and year < 2005" });
        Assert.Equal(["v0", "v12", "v3", "v6", "v9"], jazz.Neighbours.Select(n => n.Id).Order(StringComparer.Ordinal));
        Problem wrong = await RefusedAsync(ranker, HttpStatusCode.BadRequest, """{"id":"v4","filter":"music = 'jazz'"}""");
        Assert.Equal(("RNK3005", "$.filter"), (wrong.Code, wrong.Field));
        Assert.Contains("character 7", wrong.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Candidates_come_from_similar_documents_and_are_ranked_with_those_given(string which)
    {
        await using TestRanker ranker = await StartAsync(which);
        RankRequest request = TestRanker.Request(2) with { CandidatesFrom = new() { SimilarTo = "v4", K = 7 } };
        RankAnswer answer = await ranker.Client.RankAsync(request);
        Assert.False(answer.Degraded);
        SimilarAnswer near = await ranker.Client.SimilarAsync(new() { Id = "v4", K = 7 });
        Assert.Equal(near.Neighbours.Select(n => n.Id).Union(["v0", "v1"]).Order(), answer.Ranked.Select(r => r.Id).Order());
        RankAnswer alone = await ranker.Client.RankAsync(request with { Candidates = null });
        Assert.Equal(near.Neighbours.Select(n => n.Id).Order(), alone.Ranked.Select(r => r.Id).Order());
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Retrieval_and_ranking_take_two_trips_and_three_commands_whatever_the_number(string which)
    {
        CountingProxy? proxy = null;
        await using TestRanker ranker = await TestRanker.StartAsync(server: AddressOf(which), through: address => (proxy = new(address.Replace("localhost", "127.0.0.1", StringComparison.Ordinal))).Address);
        using CountingProxy counting = proxy!;
        await ranker.WriteDocumentsAsync(Documents);
        async Task<(long Commands, int Trips)> LeastOfAsync(int k)
        {
            (long commands, int trips) = (long.MaxValue, int.MaxValue);
            for (int i = 0; i < 8; i++)
            {
                (long commandsBefore, int tripsBefore) = (ranker.Host.RedisOperations(), counting.Trips);
                RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request() with { Candidates = null, CandidatesFrom = new() { SimilarTo = "v4", K = k } });
                Assert.Equal((k, false), (answer.Ranked.Count, answer.Degraded));
                commands = Math.Min(commands, ranker.Host.RedisOperations() - commandsBefore);
                trips = Math.Min(trips, counting.Trips - tripsBefore);
                await Task.Delay(200); // tokens that were missing are written behind
            }
            return (commands, trips);
        }
        Assert.Equal((3, 2), await LeastOfAsync(2)); // the settings and the search; then the rows and tokens
        Assert.Equal((3, 2), await LeastOfAsync(25));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task What_cannot_be_searched_by_is_refused_with_its_field(string which)
    {
        await using TestRanker ranker = await StartAsync(which);
        Problem unknown = await RefusedAsync(ranker, HttpStatusCode.NotFound, """{"id":"nobody"}""");
        Assert.Equal(("RNK5007", "$.id", "nobody"), (unknown.Code, unknown.Field, unknown.Found));
        unknown = await RefusedAsync(ranker, HttpStatusCode.NotFound, """{"user":"u1","candidates_from":{"similar_to":"nobody","k":5}}""", "v1/rank");
        Assert.Equal(("RNK5007", "$.candidates_from.similar_to", "nobody"), (unknown.Code, unknown.Field, unknown.Found));
        Assert.Equal("$.vector", (await RefusedAsync(ranker, HttpStatusCode.BadRequest, """{"vector":[1,2,3]}""")).Field);
        Assert.Equal("$.k", (await RefusedAsync(ranker, HttpStatusCode.BadRequest, """{"id":"v1","k":1001}""")).Field);
        Assert.Equal("$", (await RefusedAsync(ranker, HttpStatusCode.BadRequest, """{"id":"v1","doc":{"a":1}}""")).Field);
        string deep = string.Concat(Enumerable.Repeat("""{"a":""", 63)) + "1" + new string('}', 63);
        using HttpResponseMessage answer = await ranker.PostAsync($$"""{"doc":{{deep}}}""", "v1/similar");
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Without_vector_sets_it_says_so_and_everything_else_works()
    {
        await using TestRanker ranker = await TestRanker.StartAsync(server: AddressOf("redis7"));
        Problem missing = await RefusedAsync(ranker, HttpStatusCode.NotImplemented, """{"id":"v1"}""");
        Assert.Equal("RNK5006", missing.Code);
        Assert.Contains("no vector sets", missing.Detail, StringComparison.Ordinal);
        missing = await RefusedAsync(ranker, HttpStatusCode.NotImplemented, """{"user":"u1","candidates_from":{"similar_to":"v1","k":5}}""", "v1/rank");
        Assert.Equal(("RNK5006", "$.candidates_from"), (missing.Code, missing.Field));
        Assert.False((await ranker.Client.RankAsync(TestRanker.Request())).Degraded);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Vectors_of_another_encoder_are_searched_by_that_encoder_and_never_compared_with_a_vector_of_the_specs(string which)
    {
        await using TestRanker ranker = await TestRanker.StartAsync(server: AddressOf(which));
        MbatEncoder own = new(new FeaturePlan(ranker.Spec).Mbat), other = new(own.Settings with { Seed = 9 });
        await ranker.WriteDocumentsAsync(Documents, other);
        Whose(await NearDocumentAsync(ranker, "v4", 6), "v4", [other]);
        Problem differs = await RefusedAsync(ranker, HttpStatusCode.NotImplemented, VectorRequest(own.Encode(Documents["v1"])));
        Assert.Contains(other.SettingsHash, differs.Detail, StringComparison.Ordinal);
        Assert.Contains(own.SettingsHash, differs.Detail, StringComparison.Ordinal);
        await ranker.WriteDocumentsAsync(Documents);
        using HttpResponseMessage answer = await ranker.PostAsync(VectorRequest(own.Encode(Documents["v1"])), "v1/similar");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    static string VectorRequest(float[] vector) => $$"""{"vector":[{{string.Join(',', vector.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))}}],"k":5}""";

    // The similarities of the k nearest: they tell which encoder made them.
    static double[] Answer(MbatEncoder encoder, string id, int k)
    {
        float[] query = encoder.Encode(Documents[id]);
        return [.. Documents.Select(d => (double)System.Numerics.Tensors.TensorPrimitives.Dot<float>(query, encoder.Encode(d.Value))).OrderDescending().Take(k)];
    }

    static bool Same(double[] a, double[] b) => a.Length == b.Length && a.Zip(b).All(p => Math.Abs(p.First - p.Second) < 1e-4);

    static async Task<double[]> NearDocumentAsync(TestRanker ranker, string id, int k)
    {
        using JsonDocument document = JsonDocument.Parse(Documents[id]);
        return [.. (await ranker.Client.SimilarAsync(new() { Doc = document.RootElement, K = k })).Neighbours.Select(n => n.Similarity)];
    }

    static async Task<double[]> NearItemAsync(TestRanker ranker, string id, int k) =>
        [1, .. (await ranker.Client.SimilarAsync(new() { Id = id, K = k })).Neighbours.Select(n => n.Similarity)];

    // The encoder, of some, whose whole answer it is.
    static MbatEncoder Whose(double[] answer, string id, IReadOnlyList<MbatEncoder> encoders)
    {
        MbatEncoder? by = encoders.FirstOrDefault(e => Same(Answer(e, id, answer.Length), answer));
        Assert.True(by is not null, $"{id}: {string.Join(' ', answer)} is the answer of none of the encoders: {string.Join(" or ", encoders.Select(e => string.Join(' ', Answer(e, id, answer.Length))))}");
        return by;
    }

    // Searches by document, by item and for candidates, until it is stopped: every answer has to be one of an encoder given, whole.
    static async Task SearchAsync(TestRanker ranker, IReadOnlyList<MbatEncoder> encoders, int seed, ConcurrentDictionary<string, int> seen, CancellationToken stop)
    {
        Random random = new(seed);
        while (!stop.IsCancellationRequested)
        {
            string id = $"v{random.Next(Documents.Count)}";
            MbatEncoder by = Whose(random.Next(2) == 0 ? await NearDocumentAsync(ranker, id, 5) : await NearItemAsync(ranker, id, 4), id, encoders);
            seen.AddOrUpdate(by.SettingsHash, 1, (_, n) => n + 1);
            RankAnswer ranked = await ranker.Client.RankAsync(TestRanker.Request() with { Candidates = null, CandidatesFrom = new() { SimilarTo = id, K = 4 } }, CancellationToken.None);
            Assert.Equal((4, false), (ranked.Ranked.Count, ranked.Degraded));
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Encoder_settings_change_under_load_without_an_error_or_a_mixed_answer_and_the_old_vectors_go(string which)
    {
        await using TestRanker ranker = await TestRanker.StartAsync(server: AddressOf(which));
        MbatEncoder old = new(new FeaturePlan(ranker.Spec).Mbat), next = new(old.Settings with { Seed = 9, Dimension = 128 });
        DocumentLog log = new(4, latenessMs: 100_000_000);
        foreach ((string id, string json) in Documents) log.Append(id, 1, json);
        for (int i = 0; i < 400; i++) log.Append($"x{i}", 1, $$$"""{"other":{"thing":"w{{{i}}}"}}"""); // what takes the time
        using CancellationTokenSource stop = new();
        ConcurrentDictionary<string, int> seen = new();
        VectorWriter before = await ranker.FollowAsync(log);
        await before.UntilSearchedAsync();
        Task[] searches = [.. Enumerable.Range(0, 3).Select(i => Task.Run(() => SearchAsync(ranker, [old, next], i, seen, stop.Token)))];
        await TestRanker.EventuallyAsync(() => Task.FromResult(seen.GetValueOrDefault(old.SettingsHash) > 20 || searches.Any(s => s.IsFaulted)));
        VectorWriter after = await ranker.FollowAsync(log, next, keepUnused: TimeSpan.FromSeconds(2)); // a member of the new spec beside one of the old
        int written = 0;
        async Task FreshAsync() // while one set grows beside the other, new documents are found, and deleted ones are not
        {
            string id = $"new{written++}";
            log.Append(id, 1 + written, """{"new":"document"}""");
            await TestRanker.EventuallyAsync(async () => (await ranker.PostAsync($$"""{"id":"{{id}}"}""", "v1/similar")).IsSuccessStatusCode);
            log.Append(id, 2 + written, null);
            await TestRanker.EventuallyAsync(async () => (await ranker.PostAsync($$"""{"id":"{{id}}"}""", "v1/similar")).StatusCode == HttpStatusCode.NotFound);
        }
        await FreshAsync();
        await after.UntilSearchedAsync();
        await FreshAsync();
        await before.DisposeAsync();
        await FreshAsync();
        int since = seen.GetValueOrDefault(next.SettingsHash);
        await TestRanker.EventuallyAsync(() => Task.FromResult(seen.GetValueOrDefault(next.SettingsHash) > since + 20 || searches.Any(s => s.IsFaulted)));
        await TestRanker.EventuallyAsync(async () => await after.KeysOfAsync(old) == 0);
        await Task.Delay(200, TestContext.Current.CancellationToken); // searches while the old set is not there
        await stop.CancelAsync();
        await Task.WhenAll(searches);
        Assert.True(await after.KeysOfAsync(next) > 0);
        await after.DisposeAsync();
    }

    [Fact]
    public async Task A_file_of_another_encoder_is_taken_under_load_without_an_error_or_a_mixed_answer()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ranking-vectors-");
        string path = Path.Combine(folder.FullName, "items.index");
        MbatEncoder old = new(new() { Dimension = 256 }), next = new(new() { Dimension = 128, Seed = 9 });
        Build(path, Documents, old);
        await using (TestRanker ranker = await TestRanker.StartAsync(redis: false, vectors: path))
        {
            using CancellationTokenSource stop = new();
            ConcurrentDictionary<string, int> seen = new();
            async Task LoadAsync(int seed)
            {
                Random random = new(seed);
                while (!stop.IsCancellationRequested)
                {
                    string id = $"v{random.Next(Documents.Count)}";
                    MbatEncoder by = Whose(random.Next(2) == 0 ? await NearDocumentAsync(ranker, id, 5) : await NearItemAsync(ranker, id, 4), id, [old, next]);
                    seen.AddOrUpdate(by.SettingsHash, 1, (_, n) => n + 1);
                }
            }
            Task[] searches = [.. Enumerable.Range(0, 3).Select(i => Task.Run(() => LoadAsync(i)))];
            foreach (MbatEncoder encoder in new[] { next, old, next })
            {
                Build(path, Documents, encoder);
                int before = seen.GetValueOrDefault(encoder.SettingsHash);
                await TestRanker.EventuallyAsync(() => Task.FromResult(seen.GetValueOrDefault(encoder.SettingsHash) > before + 20 || searches.Any(s => s.IsFaulted)));
            }
            await stop.CancelAsync();
            await Task.WhenAll(searches);
        }
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Without_Redis_given_candidates_are_ranked_degraded_and_searches_are_refused_for_now()
    {
        await using TestRanker ranker = await TestRanker.StartAsync(limits: new() { DefaultDeadlineMs = 30_000, RedisTimeoutMs = 500 });
        await ranker.WriteDocumentsAsync(Documents);
        ranker.StopRedis();
        RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request(3) with { CandidatesFrom = new() { SimilarTo = "v4", K = 7 } });
        Assert.Contains("no_retrieval", answer.DegradedReasons);
        Assert.Equal(3, answer.Ranked.Count);
        Problem away = await RefusedAsync(ranker, HttpStatusCode.ServiceUnavailable, """{"user":"u1","candidates_from":{"similar_to":"v1","k":5}}""", "v1/rank");
        Assert.Equal("RNK3001", away.Code);
        using HttpResponseMessage similar = await ranker.PostAsync("""{"id":"v1"}""", "v1/similar");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, similar.StatusCode);
        Assert.NotNull(similar.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_file_of_vectors_serves_without_Redis_and_a_new_one_in_its_place_is_taken()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ranking-vectors-");
        string path = Path.Combine(folder.FullName, "items.index");
        MbatEncoder encoder = new(new() { Dimension = 256 });
        Build(path, Documents.Take(10), encoder);
        await using (TestRanker ranker = await TestRanker.StartAsync(redis: false, vectors: path))
        {
            Assert.Equal(["v0", "v3", "v6", "v9"], (await ranker.Client.SimilarAsync(new() { Id = "v1", K = 30, Filter = "music == 'jazz'" })).Neighbours.Select(n => n.Id).Order());
            RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request() with { Candidates = null, CandidatesFrom = new() { SimilarTo = "v1", K = 4 } });
            Assert.Equal(4, answer.Ranked.Count);
            Build(path, Documents, encoder);
            await TestRanker.EventuallyAsync(async () => (await ranker.Client.SimilarAsync(new() { Id = "v1", K = 50 })).Neighbours.Count == 29);
            await File.WriteAllTextAsync(path + ".new", "damaged");
            File.Move(path + ".new", path, overwrite: true);
            await TestRanker.EventuallyAsync(() => Task.FromResult(ranker.Log.All.Any(l => l.Contains("refused, the old one serves", StringComparison.Ordinal))));
            Assert.Equal(29, (await ranker.Client.SimilarAsync(new() { Id = "v1", K = 50 })).Neighbours.Count);
        }
        folder.Delete(recursive: true);
    }

    static void Build(string path, IEnumerable<KeyValuePair<string, string>> documents, MbatEncoder by) => FileVectors.Build(path, by.Settings, documents.Select(d =>
    {
        using JsonDocument json = JsonDocument.Parse(d.Value);
        return new VectorDocument(d.Key, by.Encode(d.Value), DocumentAttributes.Of(json.RootElement));
    }));
}
