using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Serving.Ranking;

namespace Ranking.Serving.Versions;

/// <summary>
/// A loaded model version with everything that reads its spec. Requests enter it and leave it; when it was replaced and the last
/// request has left, its weights are freed.
/// </summary>
internal sealed class ServingVersion
{
    int holders = 1; // the keeper's own hold, until it retires the version

    public ServingVersion(string name, string featureHash, RankingSpec spec, IScorer scorer, RankerLimits limits, TimeProvider clock)
    {
        (Name, FeatureHash, Spec, Scorer, Since) = (name, featureHash, spec, scorer, clock.GetUtcNow());
        var builder = new FeatureBuilder(new FeaturePlan(spec));
        Plan = builder.Plan;
        Parser = new(spec, limits, clock);
        FetchPlanner = new(Plan);
        Assembler = new(builder);
        Layout = new(name, Plan.Layout);
    }

    /// <summary>NAME@V.</summary>
    public string Name { get; }

    /// <summary>Hash of what features are; rows, requests and versions must agree on it.</summary>
    public string FeatureHash { get; }

    public RankingSpec Spec { get; }

    public FeaturePlan Plan { get; }

    public IScorer Scorer { get; }

    public RankRequestParser Parser { get; }

    public FetchPlanner FetchPlanner { get; }

    public Assembler Assembler { get; }

    public AnswerLayout Layout { get; }

    public DateTimeOffset Since { get; }

    /// <summary>Requests that run on it now, the keeper's hold not counted.</summary>
    public bool IsFreed => Volatile.Read(ref holders) == 0;

    /// <summary>Enters; false if the version was freed in between, and the caller asks for the current one again.</summary>
    public bool TryEnter()
    {
        int now = Volatile.Read(ref holders);
        while (now > 0)
        {
            int seen = Interlocked.CompareExchange(ref holders, now + 1, now);
            if (seen == now) return true;
            now = seen;
        }
        return false;
    }

    /// <summary>Leaves; the last one out frees the weights. The keeper's own leave is what retires a version.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref holders) == 0) Scorer.Dispose();
    }
}
