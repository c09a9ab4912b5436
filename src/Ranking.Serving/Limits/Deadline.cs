using System.Diagnostics;
using Ranking.Features.Errors;
using Ranking.Serving.Ranking;

namespace Ranking.Serving.Limits;

/// <summary>
/// How long a request's caller still waits. What the deadline does: before scoring it means 504, since scoring would take a
/// processor for an answer that nobody reads; a fetch that would use the rest of it is given up and the request is ranked
/// with missing values, degraded, since a worse order in time beats none; once scored the answer is sent, late or not, since it
/// costs nothing more.
/// </summary>
/// <param name="start">When the request's last byte was read, a <see cref="Stopwatch"/> time stamp.</param>
/// <param name="allowed">From then on.</param>
internal readonly struct Deadline(long start, TimeSpan allowed)
{
    public TimeSpan Remaining => allowed - Stopwatch.GetElapsedTime(start);

    /// <exception cref="RequestRefusedException">504: it passed.</exception>
    public void Check(string when)
    {
        if (Remaining <= TimeSpan.Zero) throw Passed(when);
    }

    /// <summary>How long the fetch may take: what remains when scoring gets what it usually needs, at most the setting.</summary>
    public TimeSpan ForFetch(TimeSpan scoring, int redisTimeoutMs)
    {
        TimeSpan most = TimeSpan.FromMilliseconds(redisTimeoutMs), rest = Remaining - scoring;
        return rest < most ? (rest > TimeSpan.Zero ? rest : TimeSpan.Zero) : most;
    }

    public static RequestRefusedException Passed(string when) => new(504, ErrorCodes.DeadlineExceeded, $"the deadline passed {when}", "$.deadline_ms");
}
