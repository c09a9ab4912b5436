using System.Diagnostics.Metrics;

namespace Ranking.Features.Joining;

/// <summary>
/// What the join does with feedback and with what was served; meter <c>Ranking.Features</c>. A rise of what joins nothing is the first sign of lost impressions
/// or of request ids that do not travel. Work that is done again after a failure counts again.
/// </summary>
public static class JoinMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Ranking.Features";

    static readonly Meter Meter = new(MeterName);
    static readonly Counter<long> Feedback = Meter.CreateCounter<long>("ranking.join.feedback", null, "Feedback by kind and by whether it found its impression within the label window.");

    static readonly Counter<long> Served = Meter.CreateCounter<long>("ranking.join.served", null, "Records of what was served, by use: usable, other_features, degraded.");
    static readonly Counter<long> Rows = Meter.CreateCounter<long>("ranking.join.rows", null, "Rows that served features were made from, by kind and by whether they gave what the owner answers: those that did not were staler than the delay.");

    internal static void Used(string use)
    {
        if (Served.Enabled) Served.Add(1, new KeyValuePair<string, object?>("use", use));
    }

    internal static void Compared(string kind, bool same)
    {
        if (Rows.Enabled) Rows.Add(1, new("kind", kind), new("as_answered", same));
    }

    internal static void Joined(string kind, bool joined)
    {
        if (Feedback.Enabled) Feedback.Add(1, new("kind", kind), new("joined", joined));
    }
}
