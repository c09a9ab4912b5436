namespace Ranking.Client;

/// <summary>The server refused or failed a call, or could not be reached in time.</summary>
public sealed class RankingClientException : Exception
{
    /// <summary>A server's problem.</summary>
    public RankingClientException(Problem problem) : base($"{problem.Code ?? problem.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)}: {problem.Detail ?? problem.Title}") => Problem = problem;

    /// <summary>No answer.</summary>
    public RankingClientException(string message, Exception? inner = null) : base(message, inner) => Problem = null;

    /// <summary>No answer, for no stated reason.</summary>
    public RankingClientException() : this("the ranking server gave no answer") { }

    /// <summary>What the server said; null if it said nothing.</summary>
    public Problem? Problem { get; }
}
