using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Streams.Examples;

namespace Ranking.Training.Batches;

/// <summary>Parquet files of examples, one after another in the order given; a file is a partition, a row its offset.</summary>
public sealed class ExampleFiles : IExampleSource
{
    readonly ExampleFile[] files;

    /// <summary>Opens the files.</summary>
    /// <param name="spec">What the examples are made with.</param>
    /// <param name="paths">At least one file.</param>
    /// <exception cref="Ranking.Features.Errors.RankingException">A file does not exist or is of another spec.</exception>
    public ExampleFiles(RankingSpec spec, IReadOnlyList<string> paths)
    {
        ArgumentOutOfRangeException.ThrowIfZero(paths.Count);
        files = [.. paths.Select(p => ExampleFile.Open(p, spec))];
    }

    /// <inheritdoc/>
    public string Identity => string.Join(", ", files.Select(f => $"{Path.GetFileName(f.Path)} ({f.Count} examples, {new FileInfo(f.Path).Length} bytes)"));

    /// <inheritdoc/>
    public long? Count => files.Sum(f => f.Count);

    /// <summary>Where the users' own aggregates were frozen in all of the files; null where they move in one of them.</summary>
    public long? UserFrozenAtMs => files.All(f => f.Info.UserFrozenAtMs is not null) ? files.Max(f => f.Info.UserFrozenAtMs) : null;

    /// <summary>Event time of the first example; null without any.</summary>
    public long? FirstTimeMs => files.SelectMany(f => f.Read().Take(1)).Select(e => (long?)e.TimeMs).Min();

    /// <inheritdoc/>
    public IEnumerable<SourcedExample> Read(IReadOnlyDictionary<int, long> from, CancellationToken cancel)
    {
        for (int file = 0; file < files.Length; file++)
        {
            long row = from.GetValueOrDefault(file);
            foreach (Example example in files[file].Read(row))
            {
                cancel.ThrowIfCancellationRequested();
                yield return new SourcedExample(example, file, ++row);
            }
        }
    }
}
