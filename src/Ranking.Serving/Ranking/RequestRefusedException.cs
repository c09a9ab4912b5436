using Ranking.Features.Errors;

namespace Ranking.Serving.Ranking;

/// <summary>A request that is answered with problem details instead of a result.</summary>
internal sealed class RequestRefusedException : Exception
{
    const int ShownChars = 80;

    public RequestRefusedException(int status, ErrorCode error, string detail, string? field = null, string? found = null, string? expected = null, TimeSpan? retryAfter = null)
        : base(detail)
    {
        (Status, Error, Field, Expected, RetryAfter) = (status, error, field, expected, retryAfter);
        Found = found is { Length: > ShownChars } ? string.Concat(found.AsSpan(0, ShownChars), "…") : found;
    }

    /// <summary>A 400 that names the field, what was found and what was expected.</summary>
    public static RequestRefusedException Field400(string field, string? found, string expected) => OfField(400, ErrorCodes.RequestInvalid, field, found, expected);

    /// <summary>A refusal of one field's value.</summary>
    public static RequestRefusedException OfField(int status, ErrorCode error, string field, string? found, string expected)
    {
        string shown = found is { Length: > ShownChars } ? string.Concat(found.AsSpan(0, ShownChars), "…") : found ?? "nothing";
        return new(status, error, $"{field}: found {shown}, expected {expected}", field, found, expected);
    }

    public int Status { get; }

    public ErrorCode Error { get; }

    public string? Field { get; }

    public string? Found { get; }

    public string? Expected { get; }

    public TimeSpan? RetryAfter { get; }

    /// <summary>The request's id where it was read before the refusal.</summary>
    public string? RequestId { get; set; }
}
