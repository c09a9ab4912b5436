using System.Diagnostics;
using System.Text.RegularExpressions;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Streams.Tests.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Faults;

/// <summary>A broker that speaks TLS only and asks for a password. Runs when it is asked for, as <see cref="GroupTests"/> do.</summary>
public class SecurityTests
{
    static readonly SourceEvent[] Log = [.. SmallLog.Events(500, seed: 10)];

    [Fact(Explicit = true)]
    public async Task Settings_of_TLS_and_SASL_reach_every_client()
    {
        using var broker = new OwnBroker();
        string certificate = Secure(broker);
        Dictionary<string, string> client = new()
        {
            ["security.protocol"] = "SASL_SSL",
            ["ssl.ca.location"] = certificate,
            ["sasl.mechanism"] = "PLAIN",
            ["sasl.username"] = "ranking",
            ["sasl.password"] = "right",
        };
        await using RealProblem problem = await RealProblem.Create(partitions: 1, broker.Address, client);
        problem.Replay(Log);
        await problem.Run();
        Outcome.Of(Log).MustEqual(problem.Outcome);

        client = new(client) { ["sasl.password"] = "wrong" };
        var refused = await Assert.ThrowsAsync<RankingException>(() => ProblemTopics.EnsureAsync(new(broker.Address, "other", client), Outcome.Builder.Plan.Spec));
        Assert.Matches("(?i)authentication", refused.Message);
        Assert.DoesNotContain("wrong", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Starts the broker again with TLS and passwords.</summary>
    /// <returns>The file of its certificate.</returns>
    static string Secure(OwnBroker broker)
    {
        broker.Stop("TERM");
        string store = Path.Combine(broker.Folder, "store.p12"), certificate = Path.Combine(broker.Folder, "certificate.pem"), properties = Path.Combine(broker.Folder, "server.properties");
        Keytool("-genkeypair", "-keystore", store, "-storetype", "PKCS12", "-storepass", "secret", "-alias", "broker", "-keyalg", "RSA", "-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1");
        Keytool("-exportcert", "-rfc", "-keystore", store, "-storepass", "secret", "-alias", "broker", "-file", certificate);
        string settings = Regex.Replace(File.ReadAllText(properties), "(?<=listeners=)PLAINTEXT(?=://)", "SASL_SSL").Replace("PLAINTEXT:PLAINTEXT", "SASL_SSL:SASL_SSL", StringComparison.Ordinal);
        File.WriteAllText(properties, $"""
            {settings}
            security.inter.broker.protocol=SASL_SSL
            sasl.enabled.mechanisms=PLAIN
            sasl.mechanism.inter.broker.protocol=PLAIN
            listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="own" user_broker="own" user_ranking="right";
            ssl.keystore.location={store}
            ssl.keystore.type=PKCS12
            ssl.keystore.password=secret
            ssl.truststore.location={store}
            ssl.truststore.type=PKCS12
            ssl.truststore.password=secret
            """);
        broker.Start();
        return certificate;
    }

    static void Keytool(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("keytool", arguments) { RedirectStandardError = true })!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
    }
}
