using Ranking.Serving.Ranking;

namespace Ranking.Serving.ServedLog;

/// <summary>Where it is noted what answers were scored with, so that training learns from just that.</summary>
internal interface IServedLog
{
    /// <summary>Notes an answer that was sent; never waits.</summary>
    /// <param name="featureHash">Hash of what its features are.</param>
    /// <param name="result">The answer.</param>
    void Note(string featureHash, RankResult result);
}

/// <summary>A ranker without Kafka: the pipeline computes what it would have scored with.</summary>
internal sealed class NoServedLog : IServedLog
{
    public void Note(string featureHash, RankResult result) { }
}
