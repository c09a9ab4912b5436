using Ranking.Features.Errors;

namespace Ranking.Features.Spec;

/// <summary>A mistake in a spec, where it is and what would be right.</summary>
/// <param name="File">The file, or <c>--set PATH</c> for an override.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="Found">What is there.</param>
/// <param name="Expected">What was expected.</param>
public sealed record SpecError(string File, int Line, int Column, string Found, string Expected)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}:{Column}: found {Found}, expected {Expected}";
}

/// <summary>A spec has mistakes; all that were found, in the order of their places.</summary>
public sealed class SpecException : RankingException
{
    /// <summary>An exception for <paramref name="errors"/>, of which there is at least one.</summary>
    public SpecException(IReadOnlyList<SpecError> errors) : this(ErrorCodes.SpecInvalid, errors)
    {
    }

    internal SpecException(ErrorCode code, IReadOnlyList<SpecError> errors) : base(code, string.Join('\n', errors)) => Errors = errors;

    /// <summary>The mistakes.</summary>
    public IReadOnlyList<SpecError> Errors { get; }
}
