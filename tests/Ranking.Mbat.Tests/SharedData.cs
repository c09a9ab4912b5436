namespace Ranking.Mbat.Tests;

/// <summary>Real data beside the repository, <c>../shared/data</c>; RANKING_SHARED_DATA names another place.</summary>
internal static class SharedData
{
    /// <summary>The path of a file or folder there; without it the test is skipped.</summary>
    public static string Require(string name)
    {
        string? root = Environment.GetEnvironmentVariable("RANKING_SHARED_DATA");
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); root is null && at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Ranking.sln")))
                root = Path.Combine(at.FullName, "..", "shared", "data");
        }
        string path = Path.Combine(root ?? "", name);
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Skip($"{path} is not there (RANKING_SHARED_DATA names the folder of the shared data)");
        return path;
    }
}
