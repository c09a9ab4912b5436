namespace Ranking.Features.Tests.Spec;

/// <summary>Where the repository lies.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Ranking.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
