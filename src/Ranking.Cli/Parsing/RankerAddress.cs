using Ranking.Features.Errors;

namespace Ranking.Cli.Parsing;

/// <summary>The address of a running ranker.</summary>
internal static class RankerAddress
{
    /// <summary>An absolute http or https address.</summary>
    public static Uri Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is ("http" or "https")
            ? address
            : throw new RankingException(ErrorCodes.WrongUsage, $"--url: {Usage.Quote(text)} is not an address such as http://localhost:8080");
}
