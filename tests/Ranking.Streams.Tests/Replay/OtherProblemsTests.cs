using System.Text;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Streams.Replay;

namespace Ranking.Streams.Tests.Replay;

/// <summary>Problems that look unlike the shipped ones: all of them are YAML and SQL alone.</summary>
public class OtherProblemsTests
{
    [Fact]
    public void Hotel_searches_with_displayed_lists_prices_and_session_actions_but_no_documents()
    {
        // One row a step of a session; a click-out carries the whole list that was shown, with its prices.
        using var problem = new Problem(
            ("spec.yaml", """
                version: 1
                name: hotels
                sources: { impressions: impressions.sql, feedback: feedback.sql }
                context:
                  platform: { type: id }
                  filters: { type: ids }
                  price: { type: number, per: candidate }
                feedback: [view, filter]
                labels: { clickout: { feedback: clickout, window: 30m } }
                list: [request_id]
                features:
                  item: { type: id, from: item }
                  platform: { type: id, from: platform }
                  filters: { type: multi_hot, from: filters }
                  price: { type: number, from: price, transform: log1p }
                  position: { type: number, from: position, training_only: true, serving: 0 }
                  viewed: { type: sequence, of: view, field: item, table: item }
                  item_ctr: { type: aggregate, key: [item, platform], count: clickout, windows: [7d], prior: 0.04 }
                groups:
                  session: { features: [viewed, platform, filters], side: user }
                  item: { features: [item], side: item }
                  offer: { features: [price, position, item_ctr] }
                """),
            ("impressions.sql", """
                WITH shown AS (
                  SELECT *, string_split(impressions, '|') AS items, string_split(prices, '|') AS costs
                  FROM read_csv(getvariable('data') || '/sessions.csv', types = {'platform': 'VARCHAR'}) WHERE action_type = 'clickout item'
                ),
                place AS (SELECT *, unnest(range(len(items))) AS place FROM shown)
                SELECT timestamp * 1000 AS time, session_id || ':' || step AS request_id, user_id AS user, items[place + 1] AS item, place AS position,
                  platform, string_split(current_filters, '|') AS filters, CAST(costs[place + 1] AS DOUBLE) AS price
                FROM place
                """),
            ("feedback.sql", """
                SELECT timestamp * 1000 + 1 AS time, CASE action_type WHEN 'clickout item' THEN session_id || ':' || step END AS request_id, user_id AS user,
                  reference AS item, CASE action_type WHEN 'clickout item' THEN 'clickout' ELSE 'view' END AS kind, NULL AS value
                FROM read_csv(getvariable('data') || '/sessions.csv', types = {'reference': 'VARCHAR'})
                WHERE action_type IN ('clickout item', 'interaction item image')
                """),
            ("sessions.csv", """
                user_id,session_id,timestamp,step,action_type,reference,platform,current_filters,impressions,prices
                U1,S1,1541037460,1,search for destination,"Oslo, Norway",NO,,,
                U1,S1,1541037522,2,interaction item image,105014,NO,,,
                U1,S1,1541037542,3,clickout item,109038,NO,Wifi|Sauna,109038|105014|81657,79|120|65
                """));
        using RawLogs logs = problem.Open();
        Impression[] shown = [.. logs.ReadImpressions()];
        Assert.Equal(["105014", "109038", "81657"], shown.Select(i => i.Item).Order(StringComparer.Ordinal));
        Impression clicked = shown.Single(i => i.Item == "109038");
        Assert.Equal(("S1:3", 0, 79d), (clicked.RequestId, clicked.Position, clicked.Context[2].Number));
        Assert.Equal(FieldValue.Of(["Wifi", "Sauna"]), clicked.Context[1]);
        Assert.Equal([("view", (string?)null, "105014"), ("clickout", "S1:3", "109038")], logs.ReadFeedback().Select(f => (f.Kind, f.RequestId, f.Item)));
        Assert.Empty(logs.ReadEntities());
    }

    [Fact]
    public void Item_documents_that_change_and_vanish_but_no_attributes_of_users()
    {
        using var problem = new Problem(
            ("spec.yaml", """
                version: 1
                name: news
                sources: { impressions: impressions.sql, feedback: feedback.sql, entities: { item: items.sql } }
                context: {}
                entities: { item: { ttl: 7d } }
                labels: { read: { feedback: read, window: 1h } }
                features:
                  topic: { type: id, from: item.topic }
                  words: { type: multi_hot, from: item.words }
                  look: { type: mbat, from: item, dimension: 32 }
                  read: { type: sequence, of: read, field: item }
                groups:
                  item: { features: [topic, words, look], side: item }
                  user: { features: [read], side: user }
                """),
            ("impressions.sql", "SELECT CAST(t AS TIMESTAMPTZ) AS time, request_id, u AS user, i AS item, NULL AS position FROM read_json(getvariable('data') || '/log.jsonl')"),
            ("feedback.sql", "SELECT CAST(t AS TIMESTAMPTZ) AS time, request_id, u AS user, i AS item, 'read' AS kind, seconds AS value FROM read_json(getvariable('data') || '/log.jsonl') WHERE seconds > 0"),
            ("items.sql", "SELECT t::TIMESTAMPTZ AS time, id, doc FROM read_json(getvariable('data') || '/items.jsonl', columns = {t: 'VARCHAR', id: 'VARCHAR', doc: 'JSON'})"),
            ("log.jsonl", """
                {"t":"2024-03-01T09:00:00+01:00","request_id":"q1","u":"anna","i":"a/1","seconds":12.5}
                {"t":"2024-03-01T08:00:01Z","request_id":"q1","u":"anna","i":"a/2","seconds":0}
                """),
            ("items.jsonl", """
                {"t":"2024-03-01T07:00:00Z","id":"a/1","doc":{"topic":"sport","words":["ski","snow"]}}
                {"t":"2024-03-02T07:00:00Z","id":"a/1","doc":{"topic":"weather"}}
                {"t":"2024-03-03T07:00:00Z","id":"a/1","doc":null}
                """));
        using RawLogs logs = problem.Open();
        Assert.Equal([1709280000000, 1709280001000], logs.ReadImpressions().Select(i => i.TimeMs));
        Assert.Equal(12_500_000, Assert.Single(logs.ReadFeedback()).Value);
        EntityDocument[] documents = [.. logs.ReadEntities()];
        Assert.Equal(["""{"topic":"sport","words":["ski","snow"]}""", """{"topic":"weather"}""", null], documents.Select(d => d.Json is null ? null : Encoding.UTF8.GetString(d.Json)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void One_label_or_five_with_string_ids_and_missing_values(int labels)
    {
        string[] kinds = [.. new[] { "click", "cart", "order", "return", "review" }.Take(labels)];
        using var problem = new Problem(
            ("spec.yaml", $$"""
                version: 1
                name: shop
                sources: { impressions: impressions.sql, feedback: feedback.sql }
                context:
                  age: { type: number }
                  size: { type: id, per: candidate }
                labels: { {{string.Join(", ", kinds.Select(k => $"{k}: {{ feedback: {k}, window: 1d }}"))}} }
                features:
                  user: { type: id, from: user, missing: anonymous }
                  age: { type: bucket, from: age, bounds: [18, 30, 50], missing: 40 }
                  size: { type: id, from: size, missing: none }
                groups: { all: { features: [user, age, size] } }
                """),
            ("impressions.sql", "SELECT ms AS time, ms::VARCHAR AS request_id, u AS user, i AS item, NULL AS position, age, size FROM read_csv(getvariable('data') || '/log.csv')"),
            ("feedback.sql", $"SELECT ms + 5 AS time, ms AS request_id, u AS user, i AS item, unnest([{string.Join(", ", kinds.Select(k => $"'{k}'"))}]) AS kind, NULL AS value FROM read_csv(getvariable('data') || '/log.csv')"),
            ("log.csv", "ms,u,i,age,size\n1,Zoë,SKU-1/red,,XL\n2,bob,SKU-2,33.5,\n"));
        using RawLogs logs = problem.Open();
        Impression[] shown = [.. logs.ReadImpressions()];
        Assert.Equal([("Zoë", "SKU-1/red"), ("bob", "SKU-2")], shown.Select(i => (i.User, i.Item)));
        Assert.Equal([FieldValue.Missing, FieldValue.Of("XL")], shown[0].Context);
        Assert.Equal([FieldValue.Of(33.5), FieldValue.Missing], shown[1].Context);
        Assert.Equal(2 * labels, logs.ReadFeedback().Count());
        Assert.Equal(kinds, FeatureLayout.Of(problem.Spec).Labels);
    }

    [Fact]
    public void The_thirty_lines_of_the_guide_work()
    {
        string guide = File.ReadAllText(Path.Combine(Repository.Root, "features", "README.md"));
        string[] blocks = [.. guide.Split("```").Where((_, i) => i % 2 == 1).Take(3)];
        using var problem = new Problem(
            ("spec.yaml", blocks[0]["yaml".Length..]), ("impressions.sql", blocks[1]["sql".Length..]), ("feedback.sql", blocks[2]["sql".Length..]),
            ("log.csv", "when,user,product,slot,shop,clicked\n2024-01-01 10:00:00+01,ann,p1,0,north,true\n2024-01-01 10:00:00+01,ann,p2,1,north,false\n"));
        using RawLogs logs = problem.Open();
        SourceEvent[] events = [.. logs.ReadAll()];
        Assert.Equal([("r1", "p1", 0), ("r2", "p2", 1)], events.OfType<Impression>().Select(i => (i.RequestId, i.Item, i.Position!.Value)));
        Assert.Equal(new Feedback(1704099605000, "r1", "ann", "p1", "click"), Assert.Single(events.OfType<Feedback>()));
    }

    [Fact]
    public void MovieLens_becomes_likes_and_documents_whose_tags_grow()
    {
        if (Repository.Shared("movielens-small") is not { } data) { Assert.Skip("MovieLens may not be shipped: ../shared/data/movielens-small is not there (RANKING_SHARED_DATA names another folder)"); return; }
        string folder = Repository.Features("movielens");
        RankingSpec spec = SpecReader.Read(folder);
        using var logs = new RawLogs(spec, folder, data);
        int impressions = 0, likes = 0, ratings = 0;
        long tagged = 0;
        var documents = new Dictionary<string, EntityDocument>();
        foreach (SourceEvent e in logs.ReadAll())
        {
            if (e is Impression) impressions++;
            if (e is Feedback { Kind: "like" }) likes++;
            if (e is Feedback { Kind: "rating" } rating) { ratings++; Assert.InRange(rating.Value, Feedback.One / 2, Feedback.One * 5); }
            if (e is EntityDocument d)
            {
                Assert.True(!documents.TryGetValue(d.Id, out EntityDocument? before) || before.TimeMs < d.TimeMs, "two documents of one film at one instant");
                documents[d.Id] = d;
                if (d.TimeMs > 1e12) tagged++;
            }
        }
        Assert.Equal((100_836, 100_836, 48_580), (impressions, ratings, likes));
        Assert.Equal(9_742, documents.Count);
        Assert.True(tagged > 1_000);
        Assert.Contains("\"genres\":[\"Adventure\",\"Animation\",\"Children\",\"Comedy\",\"Fantasy\"],\"tags\":[\"fun\",\"pixar\"]", Encoding.UTF8.GetString(documents["1"].Json!));
    }

    [Fact]
    public void Frappe_gets_a_second_a_row_over_its_parts()
    {
        if (Repository.Shared("frappe") is not { } data) { Assert.Skip("Frappe may not be shipped: ../shared/data/frappe is not there (RANKING_SHARED_DATA names another folder)"); return; }
        string folder = Repository.Features("frappe");
        using var logs = new RawLogs(SpecReader.Read(folder), folder, data);
        long row = 0;
        foreach (Impression i in logs.ReadImpressions())
        {
            Assert.Equal(row * 1000, i.TimeMs);
            if (row == 0) Assert.Equal(("451", "4149", "5041"), (i.User, i.Item, i.Context[0].Id)); // the first line of train
            if (row == 202_027) Assert.Equal(("266", "1244", "1970-01-03T08:07:07Z"), (i.User, i.Item, DateTimeOffset.FromUnixTimeMilliseconds(i.TimeMs).ToString("yyyy-MM-ddTHH:mm:ssZ"))); // of valid
            row++;
        }
        Assert.Equal(259_749, row);
    }
}
