namespace Ranking.Features.Errors;

/// <summary>A kind of failure that people and scripts can rely on. All are declared in <see cref="ErrorCodes"/> and listed in infra/errors.md.</summary>
/// <param name="Code"><c>RNK</c> and four digits; never reused for another meaning.</param>
/// <param name="Title">A few words, as they stand in RFC 9457's <c>title</c> and before the message on the command line.</param>
/// <param name="Meaning">What happened, for a reader of the page.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record ErrorCode(string Code, string Title, string Meaning, string Remedy)
{
    /// <inheritdoc/>
    public override string ToString() => Code;
}
