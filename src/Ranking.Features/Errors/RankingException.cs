namespace Ranking.Features.Errors;

/// <summary>A failure with a stable code. The message is one line that names the field, the value and what was expected.</summary>
/// <param name="error">Kind of failure.</param>
/// <param name="message">What was found and what was expected; without the code, which whoever shows it puts in front.</param>
/// <param name="inner">The cause, where another exception was.</param>
public class RankingException(ErrorCode error, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Kind of failure.</summary>
    public ErrorCode Error { get; } = error;
}
