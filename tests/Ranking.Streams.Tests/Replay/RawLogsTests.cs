using System.IO.Compression;
using System.Text;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Streams.Replay;

namespace Ranking.Streams.Tests.Replay;

public class RawLogsTests
{
    [Fact]
    public void Rows_become_events_in_the_order_of_time()
    {
        using Problem problem = Problem.Small();
        using RawLogs logs = problem.Open();
        SourceEvent[] events = [.. logs.ReadAll()];

        Assert.Equal([0L, 1000, 1500, 2000], events.Select(e => e.TimeMs));
        var document = (EntityDocument)events[0];
        Assert.Equal(("item", "7", """{"name":"x","tags":["y"]}"""), (document.Kind, document.Id, Encoding.UTF8.GetString(document.Json!)));
        var missing = (Impression)events[1];
        Assert.Equal(("r1", "é", "7", null), (missing.RequestId, missing.User, missing.Item, missing.Position));
        Assert.All(missing.Context, v => Assert.True(v.IsMissing));
        Assert.Equal(new Feedback(1500, null, "é", "7", "click", 2_500_000), events[2]);
        var full = (Impression)events[3];
        Assert.Equal(0, full.Position);
        Assert.Equal([FieldValue.Of("t"), FieldValue.Of(1.5), FieldValue.Of(["a", "b"])], full.Context);
        Assert.Equal(2, logs.ReadImpressions().Count());
        Assert.Single(logs.ReadFeedback());
        Assert.Single(logs.ReadEntities());
    }

    [Fact]
    public void Any_rows_come_in_the_order_of_their_identities()
    {
        // Few times and ids, so that ties decide; ids beyond U+FFFF sort otherwise in UTF-16 than in UTF-8.
        using Problem problem = Problem.Small(
            """
            SELECT hash(i) % 7 * 1000 AS time, 'r' || hash(i + 1) % 3 AS request_id, list_extract(['u', '\U0001F600', '｡', 'é', 'U'], 1 + (hash(i + 2) % 5)::INT) AS "user",
              i AS item, NULL AS position, NULL AS tab, NULL AS price, NULL AS words FROM range(3000) AS t(i)
            """.Replace("\\U0001F600", "\U0001F600"),
            """
            SELECT hash(i) % 7 * 1000 AS time, CASE hash(i + 1) % 3 WHEN 0 THEN NULL ELSE 'r' END AS request_id, list_extract(['u', '\U0001F600', '｡'], 1 + (hash(i + 2) % 3)::INT) AS "user",
              hash(i + 3) % 4 AS item, 'click' AS kind, CASE hash(i + 4) % 3 WHEN 0 THEN NULL WHEN 1 THEN 0.5 ELSE 3 END AS value FROM range(3000) AS t(i)
            """.Replace("\\U0001F600", "\U0001F600"));
        using RawLogs logs = problem.Open();
        SourceEvent[] events = [.. logs.ReadAll()]; // throws if a source is out of order
        Assert.Equal(6001, events.Length);
        for (int i = 1; i < events.Length; i++) Assert.True(SourceEvent.Compare(events[i - 1], events[i]) <= 0);
    }

    [Fact]
    public void Arrival_is_the_order_of_its_column_whatever_the_times()
    {
        using Problem problem = Problem.Small(
            "SELECT *, [30, 10][i] AS arrived FROM (SELECT *, row_number() OVER () AS i FROM (" + Problem.Impressions + "))",
            "SELECT *, 20 AS arrived FROM (" + Problem.Feedback.TrimEnd(';') + ")",
            "SELECT *, 10 AS arrived FROM (" + Problem.Items + ")");
        using RawLogs logs = problem.Open();
        Assert.Equal([0L, 1000, 1500, 2000], logs.ReadByArrival("arrived").Select(e => e.TimeMs));
        Assert.Contains("column \"came\": found no such column among time, id, doc, arrived", Assert.Throws<RawLogException>(() => logs.ReadByArrival("came").Count()).Message);
    }

    [Fact]
    public void A_compressed_log_that_is_cut_off_is_refused_even_where_a_line_ends()
    {
        using Problem problem = Problem.Small("SELECT i AS time, 'r' AS request_id, 'u' AS \"user\", i AS item, NULL AS position, NULL AS tab, NULL AS price, NULL AS words FROM read_csv(getvariable('data') || '/log.csv.gz') AS t(i)");
        string path = Path.Combine(problem.Data, "log.csv.gz");
        using MemoryStream whole = new();
        long lineEnd;
        using (GZipStream content = new(whole, CompressionLevel.Fastest, leaveOpen: true))
        {
            content.Write(Encoding.UTF8.GetBytes("i\n" + string.Concat(Enumerable.Range(0, 1_000).Select(i => $"{i}\n"))));
            content.Flush();
            lineEnd = whole.Length;
            content.Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1_000, 1_000).Select(i => $"{i}\n"))));
        }
        File.WriteAllBytes(path, whole.ToArray());
        using (RawLogs logs = problem.Open()) Assert.Equal(2_000, logs.ReadImpressions().Count());
        foreach (long length in (long[])[5, lineEnd, whole.Length - 1])
        {
            File.WriteAllBytes(path, whole.ToArray()[..(int)length]);
            RankingException e = Assert.Throws<RankingException>(() => problem.Open());
            Assert.Equal(ErrorCodes.RawLogDamaged, e.Error);
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, string, string, string> Mistakes => new()
    {
        { "impressions", "'r2', 'u1'", "'r2', ''", "impressions.sql: row 1: column \"user\": found an empty id, expected an id of 1 to 512 bytes of UTF-8" },
        { "impressions", "'r1', 'é'", "NULL, 'é'", "impressions.sql: row 2: column \"request_id\": found NULL, expected a value" },
        { "impressions", "position, tab", "position, tabb", "impressions.sql: column \"tab\": found no such column among time, request_id, user, item, position, tabb, price, words, expected VARCHAR or a whole number, as an id" },
        { "impressions", "1.5", "'much'", "impressions.sql: column \"price\": found VARCHAR, expected a number" },
        { "impressions", "1.5", "'nan'::DOUBLE", "impressions.sql: row 1: column \"price\": found NaN, expected a finite number, or NULL where it is missing" },
        { "impressions", "['a', 'b']", "['a', NULL]", "impressions.sql: row 1: column \"words\": found a list that holds NULL, expected ids" },
        { "impressions", "['a', 'b']", "[1.5]", "impressions.sql: column \"words\": found DECIMAL(2,1)[], expected a list of VARCHAR or of whole numbers, as ids" },
        { "impressions", "'r2', 'u1', 7, 0", "'r2', 'u1', 7, -1", "impressions.sql: row 1: column \"position\": found -1, expected a place from 0" },
        { "impressions", "(2000", "(20000000000000000", "impressions.sql: row 1: column \"time\": found 20000000000000000, expected milliseconds since 1970 UTC, years 1 to 9999" },
        { "feedback", "1500 AS time", "TIMESTAMP '2020-01-01' AS time", "feedback.sql: column \"time\": found TIMESTAMP, expected TIMESTAMP WITH TIME ZONE, or BIGINT milliseconds since 1970 UTC (a time needs an offset)" },
        { "feedback", "1500 AS time", "NULL AS time", "feedback.sql: row 1: column \"time\": found NULL, expected a value" },
        { "feedback", "'click'", "'clack'", "feedback.sql: row 1: column \"kind\": found \"clack\", expected one of the spec's kinds of feedback: click" },
        { "feedback", "2.5", "1e13", "feedback.sql: row 1: column \"value\": found 10000000000000, expected a number from -9e12 to 9e12" },
        { "items", "{'name': 'x', 'tags': ['y']}", "'[1]'", "items.sql: row 1: column \"doc\": found \"[1]\", expected a JSON object" },
        { "items", "{'name': 'x', 'tags': ['y']}", "2.5", "items.sql: column \"doc\": found DECIMAL(2,1), expected JSON, a STRUCT, or VARCHAR that holds JSON" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_names_file_column_and_row(string file, string right, string wrong, string message)
    {
        string Changed(string name, string sql)
        {
            if (name != file) return sql;
            Assert.Contains(right, sql);
            return sql.Replace(right, wrong, StringComparison.Ordinal);
        }
        using Problem problem = Problem.Small(Changed("impressions", Problem.Impressions), Changed("feedback", Problem.Feedback), Changed("items", Problem.Items));
        Assert.Equal(message, problem.Failure());
    }

    [Theory]
    [InlineData("SELEC 1", "Parser Error")]
    [InlineData("SELECT * FROM read_csv(getvariable('data') || '/none.csv')", "No files found")]
    [InlineData("SELECT * FROM read_csv('/etc/passwd')", "file system operations are disabled")]
    [InlineData("SELECT * FROM read_csv('https://localhost/x.csv')", "Error")]
    [InlineData("DROP TABLE x", "Parser Error")]
    [InlineData("SELECT 'x'::INT AS time, 'r' AS request_id, 'u' AS \"user\", 'i' AS item, 0 AS position, 't' AS tab, 1 AS price, ['w'] AS words", "Could not convert string 'x'")]
    public void Sql_that_fails_gives_the_words_of_DuckDB(string sql, string words)
    {
        using Problem problem = Problem.Small(sql);
        using RawLogs logs = problem.Open();
        RawLogException failure = Assert.Throws<RawLogException>(() => logs.ReadAll().Count());
        Assert.Equal(ErrorCodes.SourceSqlFailed, failure.Error);
        Assert.Contains("impressions.sql: found ", failure.Message);
        Assert.Contains(words, failure.Message);
    }

    [Fact]
    public void A_document_that_is_not_JSON_is_refused()
    {
        using Problem problem = Problem.Small(items: "SELECT 0 AS time, 7 AS id, '{\"a\": }' AS doc");
        Assert.StartsWith("items.sql: row 1: column \"doc\": found text that is not JSON (", problem.Failure());
    }

    [Fact]
    public void More_rows_than_memory_go_to_a_temporary_folder_that_is_removed()
    {
        string temp = Directory.CreateTempSubdirectory("ranking-temp-").FullName;
        using Problem problem = Problem.Small(
            """
            SELECT hash(i) % 1000000000 AS time, 'r' || hash(i) || repeat('x', 100) AS request_id, 'u' || hash(i + 1) AS "user", i AS item,
              NULL AS position, NULL AS tab, NULL AS price, NULL AS words FROM range(400000) AS t(i)
            """);
        using (RawLogs logs = problem.Open(new(MemoryMiB: 64, Threads: 1, TempFolder: temp)))
        {
            long last = long.MinValue;
            int count = 0, spilled = 0;
            foreach (Impression i in logs.ReadImpressions())
            {
                Assert.True(i.TimeMs >= last);
                last = i.TimeMs;
                if (count++ == 0) spilled = Directory.GetFiles(temp, "*", SearchOption.AllDirectories).Length;
            }
            Assert.Equal(400_000, count);
            Assert.True(spilled > 0, "nothing was written to the temporary folder, so the test shows nothing");
        }
        Assert.Empty(Directory.GetFileSystemEntries(temp));
        Directory.Delete(temp);
    }

    [Fact]
    public void A_reader_that_stops_early_leaves_nothing_open()
    {
        using Problem problem = Problem.Small();
        using RawLogs logs = problem.Open();
        for (int i = 0; i < 50; i++) Assert.Equal(0, logs.ReadAll().First().TimeMs);
        Assert.Equal(4, logs.ReadAll().Count());
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named()
    {
        using Problem problem = Problem.Small();
        RankingException failure = Assert.Throws<RankingException>(() => new RawLogs(problem.Spec, problem.Folder, Path.Combine(problem.Folder, "nowhere")));
        Assert.Contains("nowhere", failure.Message);
        Assert.Equal(ErrorCodes.FileNotFound, failure.Error);
    }
}
