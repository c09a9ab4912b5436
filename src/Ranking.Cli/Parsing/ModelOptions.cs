using System.CommandLine;
using Ranking.Features.Errors;
using Ranking.Training.Registry;

namespace Ranking.Cli.Parsing;

/// <summary>The options that name a registry and a model of it.</summary>
internal static class ModelOptions
{
    /// <summary>The registry's folder.</summary>
    public static Option<string> Registry() => OptionFactory.Required("--registry", "Folder of the model registry.", "DIR");

    /// <summary>A model of it.</summary>
    public static Option<string> Model() => OptionFactory.Required("--model", "Name of a model, or of one version of it; without a version the promoted one.", "NAME[@V]");

    /// <summary>A registry that exists.</summary>
    public static ModelRegistry Open(string folder) => Directory.Exists(folder) ? new(folder) : throw new RankingException(ErrorCodes.FileNotFound, $"--registry: {folder} does not exist");

    /// <summary>NAME or NAME@V.</summary>
    public static VersionName Parse(string text)
    {
        try { return VersionName.Parse(text); }
        catch (RankingException e) { throw new RankingException(ErrorCodes.WrongUsage, $"--model: {e.Message}", e); }
        catch (FormatException e) { throw new RankingException(ErrorCodes.WrongUsage, $"--model: {e.Message}", e); }
    }
}
