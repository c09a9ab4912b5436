namespace Ranking.Client;

/// <summary>An RFC 9457 problem: the body of every answer that is not 2xx. Always JSON.</summary>
public sealed record Problem
{
    /// <summary>A URI of the kind of problem: <c>urn:ranking:error:RNK####</c>.</summary>
    public string? Type { get; init; }

    /// <summary>The kind of problem in words.</summary>
    public string? Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public int Status { get; init; }

    /// <summary>This occurrence in a sentence.</summary>
    public string? Detail { get; init; }

    /// <summary>A stable code, RNK####.</summary>
    public string? Code { get; init; }

    /// <summary>JSON path of the field that is wrong.</summary>
    public string? Field { get; init; }

    /// <summary>What was found there, shortened.</summary>
    public string? Found { get; init; }

    /// <summary>What was expected.</summary>
    public string? Expected { get; init; }

    /// <summary>The request's id where one was read.</summary>
    public string? RequestId { get; init; }
}
