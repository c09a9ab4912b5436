namespace Ranking.Training.Tests.Evaluation;

/// <summary>Where the reference numbers lie: <c>RANKING_GOLDEN</c>, else <c>../shared/golden</c> from the repository's root.</summary>
static class Golden
{
    public static string FileOrSkip(string name)
    {
        string folder = Environment.GetEnvironmentVariable("RANKING_GOLDEN") is { Length: > 0 } named
            ? named
            : Path.Combine(RepositoryRoot(), "..", "shared", "golden");
        string file = Path.Combine(folder, name);
        if (!File.Exists(file)) Assert.Skip($"no reference numbers: {Path.GetFullPath(file)} is absent (RANKING_GOLDEN names the folder)");
        return file;
    }

    static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Ranking.sln"))) folder = folder.Parent;
        return folder?.FullName ?? Directory.GetCurrentDirectory();
    }
}
