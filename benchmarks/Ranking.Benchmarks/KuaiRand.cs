using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Spec;
using Ranking.Streams.Replay;

namespace Ranking.Benchmarks;

/// <summary>The log that ships in features/kuairand: every benchmark works on its real users, videos, rows and documents.</summary>
internal static class KuaiRand
{
    /// <summary>Documents of users and videos; they precede the first impression.</summary>
    public const int Documents = 34_868;

    private const string Folder = "features/kuairand";

    public static FeatureBuilder Builder { get; } = new(new FeaturePlan(SpecReader.Read(Folder)));

    public static FeaturePlan Plan => Builder.Plan;

    /// <summary>All documents and the first impressions and feedback of the log, in event-time order.</summary>
    public static SourceEvent[] Events(int logged)
    {
        using RawLogs logs = new(Plan.Spec, Folder, Path.Combine(Folder, "data"));
        SourceEvent[] events = [.. logs.ReadAll().Take(Documents + logged)];
        return events.Count(e => e is EntityDocument) == Documents ? events : throw new InvalidOperationException("the log holds another number of documents");
    }

    /// <summary>What the pipeline makes of events.</summary>
    public static Yield Run(IEnumerable<SourceEvent> events, int partitions)
    {
        Yield output = new();
        LocalPipeline pipeline = new(Builder, partitions, output);
        foreach (SourceEvent e in events)
            pipeline.AddInOrder(e);
        pipeline.Close();
        pipeline.FlushRows();
        return output;
    }
}

/// <summary>Examples and rows that a pipeline yields.</summary>
internal sealed class Yield : ILocalOutput
{
    public List<Example> Examples { get; } = [];

    public Dictionary<(string Kind, string Id), byte[]> Rows { get; } = [];

    public void Emit(Example example) => Examples.Add(example);

    public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row, bool deleted) => Rows[(owner.Kind, id)] = row.ToArray();

    public void Reject(SourceEvent sourceEvent, Rejection why, string detail) => throw new InvalidOperationException($"{why}: {detail}");
}
