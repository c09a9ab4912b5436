using System.Diagnostics.Metrics;

namespace Ranking.Features.Joining;

/// <summary>
/// What the join does with feedback; meter <c>Ranking.Features</c>. A rise of what joins nothing is the first sign of lost impressions
/// or of request ids that do not travel. Work that is done again after a failure counts again.
/// </summary>
public static class JoinMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Ranking.Features";

    static readonly Meter Meter = new(MeterName);
    static readonly Counter<long> Feedback = Meter.CreateCounter<long>("ranking.join.feedback", null, "Feedback by kind and by whether it found its impression within the label window.");

    internal static void Joined(string kind, bool joined)
    {
        if (Feedback.Enabled) Feedback.Add(1, new("kind", kind), new("joined", joined));
    }
}
