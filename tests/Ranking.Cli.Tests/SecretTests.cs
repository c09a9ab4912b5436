using Ranking.Cli.Tests.Running;
using Ranking.Store.Embedded;

namespace Ranking.Cli.Tests;

/// <summary>A secret comes from the environment or a file and is never echoed, whatever fails.</summary>
public class SecretTests
{
    const string Secret = "hunter2-and-more";

    [Theory]
    [InlineData("doctor")]
    [InlineData("store", "rebuild")]
    public async Task A_password_of_Redis_is_not_shown_whether_the_server_is_there_or_away(params string[] command)
    {
        using Shop shop = new();
        using EmbeddedRedis open = EmbeddedRedis.Start(); // Knows no password and takes any.
        await File.WriteAllTextAsync(shop["password"], Secret + "\n");
        string[] spec = command[0] == "store" ? ["--spec", shop.Folder] : [];
        foreach (string address in (string[])["127.0.0.1:1", open.Address])
        {
            foreach ((string variable, string value) in ((string, string)[])[("RANKING_REDIS_PASSWORD", Secret), ("RANKING_REDIS_PASSWORD_FILE", shop["password"])])
            {
                RankingProcess.Result result = await RankingProcess.Run([.. command, .. spec, "--redis", address, "--log-level", "debug", "--json"],
                    new Dictionary<string, string> { [variable] = value, ["RANKING_REDIS_USER"] = "somebody" });
                Assert.Equal(address == open.Address ? 0 : 1, result.Code);
                Assert.DoesNotContain(Secret, result.Output + result.Errors, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\nsasl.username=u\nsasl.password=" + Secret)]
    [InlineData("no.such.setting=" + Secret)]
    [InlineData("sasl.password " + Secret)]
    [InlineData("socket.timeout.ms=" + Secret)]
    public async Task A_file_of_Kafka_settings_is_not_shown_where_it_is_wrong_or_refused(string settings)
    {
        using Shop shop = new();
        await File.WriteAllTextAsync(shop["kafka.properties"], settings);
        foreach (string[] command in (string[][])[["doctor"], ["topics", "list", "--spec", shop.Folder]])
        {
            RankingProcess.Result result = await RankingProcess.Run([.. command, "--kafka", "127.0.0.1:1", "--kafka-config", shop["kafka.properties"], "--log-level", "debug", "--json"]);
            Assert.InRange(result.Code, 1, 2);
            Assert.DoesNotContain(Secret, result.Output + result.Errors, StringComparison.Ordinal);
        }
    }
}
