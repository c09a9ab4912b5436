using System.Globalization;
using Ranking.Features.Spec;

namespace Ranking.Cli.Tests.Running;

/// <summary>A small ranking problem on disk, its log made by SQL: 3,000 impressions a second apart, clicks by a rule that a model can learn.</summary>
sealed class Shop : IDisposable
{
    /// <summary>When the log begins.</summary>
    public static readonly DateTimeOffset Begin = DateTimeOffset.FromUnixTimeSeconds(1_600_000_000);

    readonly DirectoryInfo root = Directory.CreateTempSubdirectory("shop-");

    public Shop()
    {
        Directory.CreateDirectory(this["spec/data"]);
        Write("spec.yaml", """
            version: 1
            name: shop
            sources: { impressions: impressions.sql, feedback: feedback.sql, entities: { item: items.sql } }
            context: { tab: { type: id } }
            entities: { item: {} }
            labels: { click: { feedback: click, window: 10m } }
            tables: { default: { dimension: 4 } }
            features:
              user: { type: id, from: user }
              item: { type: id, from: item }
              item_click: { type: aggregate, key: [item], count: click, windows: [1h, total], prior: 0.3, strength: 5, as: [logit_rate] }
            groups:
              who: { side: user, features: [user] }
              what: { side: item, features: [item] }
              now: { features: [item_click] }
            """);
        Write("impressions.sql", """
            SELECT 1600000000000 + i * 1000 AS time, 'r' || i AS request_id, 'u' || i % 20 AS "user", 'v' || i * 7 % 30 AS item, NULL AS position, 't' AS tab
            FROM range(3000) AS t(i)
            """);
        Write("feedback.sql", """
            SELECT 1600000000500 + i * 1000 AS time, 'r' || i AS request_id, 'u' || i % 20 AS "user", 'v' || i * 7 % 30 AS item, 'click' AS kind, 1 AS value
            FROM range(3000) AS t(i) WHERE (i % 20 + i * 7 % 30) % 3 = 0
            """);
        Write("items.sql", "SELECT 1599999999000 AS time, 'v' || i AS id, {'name': 'n' || i} AS doc FROM range(30) AS t(i)");
    }

    /// <summary>A path in the problem's folder.</summary>
    public string this[string name] => Path.Combine(root.FullName, name);

    /// <summary>The spec's folder.</summary>
    public string Folder => this["spec"];

    /// <summary>The spec.</summary>
    public RankingSpec Spec => SpecReader.Read(Folder);

    /// <summary>An instant after so many impressions, as an option takes it.</summary>
    public static string After(int impressions) => Begin.AddSeconds(impressions).ToString("yyyy-MM-ddTHH:mm:ssK", CultureInfo.InvariantCulture);

    public void Dispose() => root.Delete(recursive: true);

    void Write(string name, string text) => File.WriteAllText(Path.Combine(Folder, name), text);
}
