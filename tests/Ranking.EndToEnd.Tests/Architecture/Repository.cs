namespace Ranking.EndToEnd.Tests.Architecture;

/// <summary>The checkout that these tests were built from.</summary>
static class Repository
{
    /// <summary>Its root: the folder above that holds the solution.</summary>
    public static string Root { get; } = Find();

    static string Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Ranking.sln"))) return at.FullName;
        throw new InvalidOperationException($"no Ranking.sln above {AppContext.BaseDirectory}");
    }

    /// <summary>All C# files of src, generated ones left out.</summary>
    public static IEnumerable<string> SourceFiles() =>
        Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));
}
