using CsCheck;
using DuckDB.NET.Data;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Streams.Examples;
using Ranking.Training.Batches;
using Ranking.Training.Tests.Registry;
using Ranking.Training.Tests.Training;

namespace Ranking.Training.Tests.Batches;

public class ExampleFilesTests
{
    static readonly RankingSpec Spec = SmallProblem.Spec(new TrainingSpec()) with
    {
        Features = new()
        {
            ["user"] = new IdFeatureSpec(new FieldRef("user")),
            ["last"] = new SequenceFeatureSpec("click", new FieldRef("item"), Length: 4),
            ["x"] = new NumberFeatureSpec(new FieldRef("context", "x")),
            ["rate"] = new AggregateFeatureSpec([new FieldRef("item")], "click", [new WindowSpec(null), new WindowSpec(TimeSpan.FromHours(1))]),
            ["tags"] = new MultiHotFeatureSpec(new FieldRef("item", "tags"), Length: 3),
        },
        Groups = new() { ["all"] = new GroupSpec(["user", "last", "x", "rate", "tags"]) },
    };

    static readonly Gen<Example> Examples =
        Gen.Select(Gen.Long, Gen.String[Gen.Char.AlphaNumeric, 1, 5], Gen.String, Gen.Float.Array[5], Gen.String.Array[0, 1], Gen.String.Array[0, 4], Gen.String.Array[0, 3], Gen.Bool)
            .Select((time, user, request, numbers, one, last, tags, served) => new Example(time, request, user, "ü", $"{user}|2022-05-05",
                new FeatureVector(numbers, [.. one, .. last, .. tags], [0, one.Length, one.Length + last.Length, one.Length + last.Length + tags.Length]),
                [one.Length, float.NaN], served ? ExampleSource.Served : ExampleSource.Backfilled));

    static string Write(string path, IEnumerable<Example> examples, long? frozen = null)
    {
        using ExampleFileWriter writer = new(path, Spec, frozen);
        foreach (Example example in examples) writer.Add(example);
        writer.Complete();
        return path;
    }

    [Fact]
    public void What_is_read_is_what_was_written_bit_for_bit() => Examples.Array[0, 30].Sample(examples =>
    {
        using TemporaryFolder folder = new();
        ExampleFile file = ExampleFile.Open(Write(folder["e.parquet"], examples), Spec);
        Assert.Equal(examples.Length, file.Count);
        Assert.Equal(examples, file.Read());
    }, iter: 20);

    [Fact]
    public void Several_files_and_row_groups_are_read_on_from_any_place()
    {
        using TemporaryFolder folder = new();
        FeatureVector features = new(new float[5], ["u", "a", "b"], [0, 1, 3, 3]);
        Example[] all = [.. Enumerable.Range(0, 70_000).Select(i => SomeExamples.At(i, labels: [i % 2, 0]) with { Features = features })];
        ExampleFiles files = new(Spec, [Write(folder["a"], all[..100], 50), Write(folder["b"], all[100..], 70)]);
        Assert.Equal((70_000L, 70L, 0L), (files.Count, files.UserFrozenAtMs, files.FirstTimeMs));
        foreach (int skip in (int[])[0, 99, 100, 101, 32_868, 69_999])
        {
            Dictionary<int, long> from = new() { [0] = Math.Min(skip, 100), [1] = Math.Max(0, skip - 100) };
            SourcedExample next = files.Read(from, CancellationToken.None).First();
            Assert.Equal((skip, skip < 100 ? 0 : 1, skip < 100 ? skip + 1 : skip - 99), (next.Example.TimeMs, next.Partition, next.Next));
        }
        Assert.Equal(all, files.Read(BatchPosition.Start.Offsets, CancellationToken.None).Select(e => e.Example));
    }

    [Fact]
    public void Other_tools_read_the_columns_by_their_names()
    {
        using TemporaryFolder folder = new();
        FeatureVector some = new([0.5f, 1, 2, 3, 4], ["u7", "a", "b", "t"], [0, 1, 3, 4]), none = new(new float[5], [], [0, 0, 0, 0]);
        string path = Write(folder["e.parquet"], [SomeExamples.At(1, labels: [1, 0]) with { Features = some }, SomeExamples.At(2, labels: [0, 0]) with { Features = none }]);
        using DuckDBConnection duck = new("Data Source=:memory:");
        duck.Open();
        using DuckDBCommand command = duck.CreateCommand();
        command.CommandText = $"select feature_user, array_to_string(feature_last, '+'), feature_x, \"feature_rate[3]\", label_click from read_parquet('{path}') order by time_ms";
        using DuckDBDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal(["u7", "a+b", 0.5f, 4f, 1f], [reader.GetValue(0), reader.GetValue(1), reader.GetValue(2), reader.GetValue(3), reader.GetValue(4)]);
        Assert.True(reader.Read());
        Assert.True(reader.IsDBNull(0));
    }

    [Fact]
    public void A_file_that_is_not_completed_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        using (ExampleFileWriter writer = new(folder["e.parquet"], Spec)) writer.Add(SomeExamples.At(1, labels: [0, 0]));
        Assert.Empty(Directory.EnumerateFiles(folder.Path));
    }

    [Fact]
    public void Files_that_do_not_fit_are_refused_by_name()
    {
        using TemporaryFolder folder = new();
        string path = Write(folder["e.parquet"], [SomeExamples.At(1, labels: [0, 0]) with { Features = new FeatureVector(new float[5], [], [0, 0, 0, 0]) }]);
        string Refused(string file, RankingSpec spec) => Assert.Throws<RankingException>(() => new ExampleFiles(spec, [file]).Read(BatchPosition.Start.Offsets, CancellationToken.None).Count()).Message;
        Assert.Contains("There is no file", Refused(folder["none"], Spec), StringComparison.Ordinal);
        Assert.Contains("was written for the features", Refused(path, Spec with { Delay = TimeSpan.FromSeconds(7) }), StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(folder["cut"], bytes[..^20]);
        File.WriteAllText(folder["text"], "time,user\n1,u\n");
        File.WriteAllBytes(folder["empty"], []);
        foreach (string name in (string[])["cut", "text", "empty"])
            Assert.Contains($"{folder[name]} cannot be read as a Parquet file of examples", Refused(folder[name], Spec), StringComparison.Ordinal);
    }
}
