using Ranking.Features.Joining;
using Ranking.Features.Spec;

namespace Ranking.Streams.Topics;

/// <summary>The topics of a problem (streams.md, section 1), without their prefix.</summary>
public static class TopicNames
{
    /// <summary>What happened to keys, questions, watermarks.</summary>
    public const string Counts = "counts";

    /// <summary>Owners' answers.</summary>
    public const string Answers = "answers";

    /// <summary>Packed rows.</summary>
    public const string Rows = "rows";

    /// <summary>Examples and their watermarks.</summary>
    public const string Examples = "examples";

    /// <summary>Changelog of the tasks' state.</summary>
    public const string State = "pipeline.state";

    /// <summary>Side topic of events that came too late.</summary>
    public static string Late(string topic) => $"{topic}.late";

    /// <summary>Side topic of events that cannot be used.</summary>
    public static string Dead(string topic) => $"{topic}.dead";

    /// <summary>All topics of a spec, with whether each is compacted.</summary>
    public static IEnumerable<(string Name, bool Compacted)> All(RankingSpec spec)
    {
        foreach (string source in PipelineTask.TopicsOf(spec))
        {
            yield return (source, source.StartsWith("entities.", StringComparison.Ordinal));
            yield return (Late(source), false);
            yield return (Dead(source), false);
        }
        yield return (Counts, false);
        yield return (Answers, false);
        yield return (Rows, true);
        yield return (Examples, false);
        yield return (State, true);
    }
}
