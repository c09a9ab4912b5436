using Ranking.Features.Examples;
using Ranking.Training.Batches;

namespace Ranking.Training.Tests.Batches;

/// <summary>Examples without features, numbered by their time.</summary>
static class SomeExamples
{
    public static Example At(long time, string user = "u", string item = "i", params float[] labels) =>
        new(time, $"r{time}", user, item, "l", new FeatureVector([], [], [0]), labels, ExampleSource.Backfilled);

    public static IReadOnlyList<Example> Of(int count) => [.. Enumerable.Range(0, count).Select(i => At(i))];
}

/// <summary>Examples that lie in partitions, merged by time, as a stream's reader gives them.</summary>
sealed class Partitioned(IReadOnlyList<(Example Example, int Partition)> merged) : IExampleSource
{
    public string Identity => "merged partitions";

    public long? Count => null;

    public IEnumerable<SourcedExample> Read(IReadOnlyDictionary<int, long> from, CancellationToken cancel)
    {
        Dictionary<int, long> next = [];
        foreach ((Example example, int partition) in merged)
        {
            long offset = next.GetValueOrDefault(partition);
            next[partition] = offset + 1;
            if (offset >= from.GetValueOrDefault(partition)) yield return new SourcedExample(example, partition, offset + 1);
        }
    }
}
