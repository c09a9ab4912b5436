using Ranking.Features.Spec;
using Ranking.Streams.Replay;

namespace Ranking.Streams.Tests.Replay;

/// <summary>A spec's folder and a data folder, made of texts and gone after the test.</summary>
sealed class Problem : IDisposable
{
    readonly DirectoryInfo root = Directory.CreateTempSubdirectory("ranking-problem-");

    public Problem(params (string Name, string Text)[] files)
    {
        Directory.CreateDirectory(Data);
        foreach ((string name, string text) in files) File.WriteAllText(Path.Combine(name.EndsWith(".yaml", StringComparison.Ordinal) || name.EndsWith(".sql", StringComparison.Ordinal) ? Folder : Data, name), text);
    }

    public string Folder => root.FullName;

    public string Data => Path.Combine(root.FullName, "data");

    public RankingSpec Spec => SpecReader.Read(Folder);

    public RawLogs Open(RawLogSettings? settings = null) => new(Spec, Folder, Data, settings);

    /// <summary>The message of the failure to read all events, with the folder left out.</summary>
    public string Failure()
    {
        using RawLogs logs = Open();
        return Assert.Throws<RawLogException>(() => logs.ReadAll().Count()).Message.Replace(Folder + "/", "", StringComparison.Ordinal);
    }

    public void Dispose() => root.Delete(recursive: true);

    /// <summary>A problem with one of its SQL files replaced.</summary>
    public static Problem Small(string impressions = Impressions, string feedback = Feedback, string items = Items) => new(
        ("spec.yaml", """
            version: 1
            name: small
            sources: { impressions: impressions.sql, feedback: feedback.sql, entities: { item: items.sql } }
            context:
              tab: { type: id }
              price: { type: number, per: candidate }
              words: { type: ids }
            entities: { item: {} }
            labels: { click: { feedback: click, window: 10m } }
            features: { item: { type: id, from: item } }
            groups: { all: { features: [item] } }
            """),
        ("impressions.sql", impressions), ("feedback.sql", feedback), ("items.sql", items));

    public const string Impressions = """
        SELECT * FROM (VALUES
          (2000, 'r2', 'u1', 7, 0, 't', 1.5, ['a', 'b']),
          (1000, 'r1', 'é', 7, NULL, NULL, NULL, NULL)
        ) AS t(time, request_id, "user", item, position, tab, price, words)
        """;

    public const string Feedback = "SELECT 1500 AS time, NULL AS request_id, 'é' AS \"user\", 7 AS item, 'click' AS kind, 2.5 AS value;";

    public const string Items = "SELECT TIMESTAMPTZ '1970-01-01 01:00:00+01' AS time, 7 AS id, {'name': 'x', 'tags': ['y']} AS doc";
}
