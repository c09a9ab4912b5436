using System.CommandLine;
using Ranking.Features.Errors;

namespace Ranking.Cli.Parsing;

/// <summary>The Kafka cluster of <c>--kafka</c> with the client settings of <c>--kafka-config</c>.</summary>
internal static class KafkaAddress
{
    /// <summary>The address.</summary>
    public static Option<string?> Option() => OptionFactory.Text("--kafka", "Kafka brokers to start from: host:port, or several with commas.", "HOST:PORT");

    /// <summary>A file of client settings, such as TLS and SASL.</summary>
    public static Option<string?> ConfigOption() => OptionFactory.Text("--kafka-config", "File of librdkafka client settings, one name=value a line: TLS, SASL and whatever else.", "FILE");

    /// <summary>Settings of a Kafka client: those of the file, and the address.</summary>
    public static Dictionary<string, string> Settings(string address, string? file)
    {
        Dictionary<string, string> settings = file is null ? [] : Read(file);
        settings["bootstrap.servers"] = address;
        return settings;
    }

    static Dictionary<string, string> Read(string file)
    {
        Dictionary<string, string> settings = [];
        foreach ((int number, string line) in File.ReadLines(file).Index())
        {
            if (line.AsSpan().Trim() is [] or ['#', ..]) continue;
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            // The line itself may hold a secret, so it is not shown.
            if (equals <= 0) throw new RankingException(ErrorCodes.WrongUsage, $"--kafka-config: {file}:{number + 1}: name=value is expected");
            settings[line[..equals].Trim()] = line[(equals + 1)..].Trim();
        }
        return settings;
    }
}
