using System.CommandLine;
using Ranking.Features.Errors;
using Ranking.Store;
using StackExchange.Redis;

namespace Ranking.Cli.Parsing;

/// <summary>The Redis server of <c>--redis</c>. Its password comes from the environment or a file, never from the command line, where others see it.</summary>
internal static class RedisAddress
{
    /// <summary>The option.</summary>
    public static Option<string?> Option() => OptionFactory.Text("--redis", "Redis server or cluster: host:port, or several with commas; user and password come from RANKING_REDIS_USER and RANKING_REDIS_PASSWORD, or RANKING_REDIS_PASSWORD_FILE.", "HOST:PORT");

    /// <summary>The client's settings.</summary>
    public static ConfigurationOptions Parse(string address)
    {
        if (address.Contains("password", StringComparison.OrdinalIgnoreCase))
            throw new RankingException(ErrorCodes.WrongUsage, "--redis: a password is not taken from here; set RANKING_REDIS_PASSWORD or RANKING_REDIS_PASSWORD_FILE");
        ConfigurationOptions options;
        try { options = ConfigurationOptions.Parse(address); }
        catch (ArgumentException e) { throw new RankingException(ErrorCodes.WrongUsage, $"--redis: {Usage.Quote(address)}: {e.Message}", e); }
        if (options.EndPoints.Count == 0) throw new RankingException(ErrorCodes.WrongUsage, $"--redis: {Usage.Quote(address)} is not host:port");
        options.User = Environment.GetEnvironmentVariable("RANKING_REDIS_USER") ?? options.User;
        options.Password = Secret("RANKING_REDIS_PASSWORD");
        return options;
    }

    /// <summary>The store's settings.</summary>
    public static StoreOptions Store(string address, string nameSpace)
    {
        ConfigurationOptions parsed = Parse(address);
        return new() { Address = address, Namespace = nameSpace, User = parsed.User, Password = parsed.Password };
    }

    static string? Secret(string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value) return value;
        return Environment.GetEnvironmentVariable(variable + "_FILE") is { Length: > 0 } file ? File.ReadAllText(file).TrimEnd('\r', '\n') : null;
    }
}
