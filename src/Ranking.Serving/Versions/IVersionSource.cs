namespace Ranking.Serving.Versions;

/// <summary>Where versions come from.</summary>
internal interface IVersionSource
{
    /// <summary>NAME@V of the version that should serve; null if there is none.</summary>
    string? Wanted();

    /// <summary>Checks and loads a version; slow, and done beside the one that serves.</summary>
    /// <exception cref="Features.Errors.RankingException">It is damaged (the file is named), of a newer format, or of other features.</exception>
    ServingVersion Load(string name);
}
