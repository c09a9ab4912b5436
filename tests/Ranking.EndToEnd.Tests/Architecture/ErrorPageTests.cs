using System.Text;
using Ranking.Features.Errors;

namespace Ranking.EndToEnd.Tests.Architecture;

/// <summary>infra/errors.md is made from the catalogue. RANKING_WRITE_PAGES=1 writes it anew.</summary>
public class ErrorPageTests
{
    static readonly string Page = Path.Combine(Repository.Root, "infra", "errors.md");

    [Fact]
    public void The_page_of_errors_equals_the_catalogue()
    {
        string expected = Render();
        if (Environment.GetEnvironmentVariable("RANKING_WRITE_PAGES") == "1") File.WriteAllText(Page, expected);
        Assert.Equal(expected, File.ReadAllText(Page));
    }

    static string Render()
    {
        var page = new StringBuilder("""
            # Errors

            Codes are stable: scripts and alerts may rely on them. The command line prints `ranking: CODE title: message`, HTTP answers carry
            the code in their problem details, dead letters begin with it. This page is made from `Ranking.Features.Errors.ErrorCodes`.

            | code | title | what happened | what to do |
            |---|---|---|---|

            """);
        foreach (ErrorCode code in ErrorCodes.All) page.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {code.Code} | {code.Title} | {code.Meaning} | {code.Remedy} |\n");
        return page.ToString();
    }
}
