namespace Ranking.Streams.Tests.Replay;

/// <summary>Where the repository and the data sets beside it lie.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    public static string Features(string name) => Path.Combine(Root, "features", name);

    /// <summary>A folder of the data sets that may not be shipped: <c>../shared/data</c>, or <c>RANKING_SHARED_DATA</c>.</summary>
    public static string? Shared(string name)
    {
        string folder = Path.Combine(Environment.GetEnvironmentVariable("RANKING_SHARED_DATA") ?? Path.Combine(Root, "..", "shared", "data"), name);
        return Directory.Exists(folder) ? folder : null;
    }

    static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Ranking.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
