namespace Ranking.Models.Tests;

static class Repository
{
    /// <summary>The folder that holds Ranking.sln.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    static string Find(string folder) => File.Exists(Path.Combine(folder, "Ranking.sln")) ? folder : Find(Path.GetDirectoryName(folder.TrimEnd('/'))!);
}
