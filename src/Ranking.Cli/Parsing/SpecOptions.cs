using System.CommandLine;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;

namespace Ranking.Cli.Parsing;

/// <summary>The options that name a ranking problem, its logs and the slice of time that is meant.</summary>
internal static class SpecOptions
{
    /// <summary>The spec's folder.</summary>
    public static Option<string> Spec() => OptionFactory.Required("--spec", "Folder of the feature spec: spec.yaml and its SQL.", "DIR");

    /// <summary>The raw logs.</summary>
    public static Option<string?> Data() => OptionFactory.Text("--data", "Folder of the raw logs; the folder data of the spec by default.", "DIR");

    /// <summary>The first instant.</summary>
    public static Option<DateTimeOffset?> From() => OptionFactory.Instant("--from", "First instant, inclusive.");

    /// <summary>The end.</summary>
    public static Option<DateTimeOffset?> To() => OptionFactory.Instant("--to", "Last instant, exclusive.");

    /// <summary>Settings that replace the spec's.</summary>
    public static Option<string[]> Set() => OptionFactory.Texts("--set", "Settings that replace the spec's, such as model.d=128.", "KEY=VALUE");

    /// <summary>Reads the spec.</summary>
    public static RankingSpec Read(string folder, IEnumerable<(string, string)>? overrides = null)
    {
        if (!File.Exists(Path.Combine(folder, SpecReader.FileName)))
            throw new RankingException(ErrorCodes.SpecNotFound, $"--spec: {folder} holds no {SpecReader.FileName}");
        return SpecReader.Read(folder, overrides);
    }

    /// <summary>The key=value pairs of <c>--set</c>.</summary>
    public static IReadOnlyList<(string, string)> Overrides(string[] pairs) =>
    [
        .. pairs.Select(pair => pair.Split('=', 2) is [{ Length: > 0 } key, var value]
            ? (key, value)
            : throw new RankingException(ErrorCodes.WrongUsage, $"--set: {Usage.Quote(pair)} is not KEY=VALUE")),
    ];

    /// <summary>Where the raw logs lie.</summary>
    public static string DataFolder(string specFolder, string? data) => data ?? Path.Combine(specFolder, "data");

    /// <summary>Where the problem's topics lie.</summary>
    public static KafkaSettings Kafka(Invocation run, string address, string? configFile, RankingSpec spec) =>
        new(address, run.Get(CommonOptions.Namespace) ?? spec.Name, configFile is null ? null : KafkaAddress.Settings(address, configFile));
}
