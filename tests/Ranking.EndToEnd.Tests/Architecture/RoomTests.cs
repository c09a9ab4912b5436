using System.Diagnostics;
using System.Text.RegularExpressions;
using Ranking.Features.Errors;

namespace Ranking.EndToEnd.Tests.Architecture;

/// <summary>Rooms stay rooms: names say what a file is, folders stay small, the top level stays clean, codes stay in use.</summary>
public partial class RoomTests
{
    static readonly string[] TopLevel =
    [
        ".ci", ".editorconfig", ".gitattributes", ".gitignore", ".config", "ARCHITECTURE.md", "CHANGELOG.md", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props",
        "LICENSE", "README.md", "Ranking.sln", "THIRD-PARTY-NOTICES", "benchmarks", "features", "global.json", "infra", "nuget.config", "src", "tests",
    ];

    [Fact]
    public void Nothing_is_called_utils_or_helpers() =>
        Assert.DoesNotContain(Repository.SourceFiles(), f => Vague().IsMatch(Path.GetRelativePath(Repository.Root, f)));

    [Fact]
    public void Folders_hold_at_most_twenty_files()
    {
        IEnumerable<string> full = Repository.SourceFiles().GroupBy(f => Path.GetDirectoryName(f)!).Where(g => g.Count() > 20).Select(g => $"{Path.GetRelativePath(Repository.Root, g.Key)}: {g.Count()}");
        Assert.Empty(full);
    }

    [Fact]
    public void A_file_s_namespace_begins_with_its_project_s()
    {
        foreach (string file in Repository.SourceFiles())
        {
            string project = Path.GetRelativePath(Path.Combine(Repository.Root, "src"), file).Split('/')[0];
            Match match = Namespace().Match(File.ReadAllText(file));
            if (match.Success) Assert.True(match.Groups[1].Value == project || match.Groups[1].Value.StartsWith(project + ".", StringComparison.Ordinal), $"{file}: namespace {match.Groups[1].Value}");
        }
    }

    [Fact]
    public void The_top_level_holds_only_what_the_design_names()
    {
        using Process git = Process.Start(new ProcessStartInfo("git", ["ls-files"]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true, RedirectStandardError = true })!;
        string[] tracked = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        if (git.ExitCode != 0) Assert.Skip("not a git checkout");
        Assert.Empty(tracked.Select(f => f.Split('/')[0]).Distinct().Except(TopLevel));
    }

    [Fact]
    public void Codes_of_errors_are_distinct_and_well_formed()
    {
        Assert.Equal(ErrorCodes.All.Count, ErrorCodes.All.Select(c => c.Code).Distinct().Count());
        Assert.All(ErrorCodes.All, c => Assert.Matches(@"^RNK\d{4}$", c.Code));
    }

    [GeneratedRegex(@"(Utils?|Utilities|Helpers?|Managers?|Misc|Common)(\.cs|/)", RegexOptions.CultureInvariant)]
    private static partial Regex Vague();

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Namespace();
}
