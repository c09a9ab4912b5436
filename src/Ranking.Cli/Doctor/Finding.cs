namespace Ranking.Cli.Doctor;

/// <summary>What one check found.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Status">Whether it will do.</param>
/// <param name="Found">What is there: a version, a size, an error's words.</param>
/// <param name="Remedy">What to do about it; null where there is nothing to do.</param>
internal sealed record Finding(string Name, FindingStatus Status, string Found, string? Remedy = null)
{
    /// <summary>It will do.</summary>
    public static Finding Ok(string name, string found) => new(name, FindingStatus.Ok, found);

    /// <summary>It works, with less than one may expect.</summary>
    public static Finding Warning(string name, string found, string remedy) => new(name, FindingStatus.Warning, found, remedy);

    /// <summary>It will not work.</summary>
    public static Finding Failed(string name, string found, string remedy) => new(name, FindingStatus.Failed, found, remedy);
}

/// <summary>Whether what was found will do.</summary>
internal enum FindingStatus
{
    /// <summary>It will do.</summary>
    Ok,
    /// <summary>It works, with less than one may expect.</summary>
    Warning,
    /// <summary>It will not work.</summary>
    Failed,
}
