using Ranking.Features.Errors;

namespace Ranking.Training.Registry;

/// <summary>A registry or a version that cannot be used; the message says what is wrong and what to do.</summary>
/// <param name="error">Kind of failure.</param>
/// <param name="message">What is wrong and what to do.</param>
/// <param name="file">The file that is wrong, relative to its version's folder; null where no single one is.</param>
/// <param name="inner">What caused it.</param>
public sealed class RegistryException(ErrorCode error, string message, string? file = null, Exception? inner = null) : RankingException(error, message, inner)
{
    /// <summary>The file that is wrong, relative to its version's folder; null where no single one is.</summary>
    public string? File { get; } = file;
}
