using System.CommandLine;
using Ranking.Cli.Doctor;
using Ranking.Cli.Parsing;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking doctor</c>: what this machine and the servers have, and what to do where something lacks.</summary>
internal sealed class DoctorCommand : RankingCommand
{
    readonly Option<string?> kafka = KafkaAddress.Option(), kafkaConfig = KafkaAddress.ConfigOption(), redis = RedisAddress.Option();
    readonly Option<string> device = OptionFactory.Choice("--device", "Where models would run: with cuda, a missing device is a failure.", ["cpu", "cuda"], "cpu");

    public DoctorCommand() : base("doctor", "Check the machine, native libraries, Kafka and Redis, and say what to do about each failure.",
        "ranking doctor", "ranking doctor --kafka localhost:9092 --redis localhost:6379")
    {
        Add(kafka);
        Add(kafkaConfig);
        Add(redis);
        Add(device);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        List<Finding> findings = [.. MachineChecks.All(Directory.GetCurrentDirectory()), .. NativeChecks.All(run.TemporaryFolder, run.Get(device) == "cuda")];
        if (run.Get(kafka) is { } brokers)
        {
            string? prefix = run.Get(CommonOptions.Namespace) is { } name ? name + "." : null;
            findings.AddRange(await KafkaCheck.Run(KafkaAddress.Settings(brokers, run.Get(kafkaConfig)), prefix, run.Stopping));
        }
        if (run.Get(redis) is { } server) findings.AddRange(await RedisCheck.Run(RedisAddress.Store(server, run.Get(CommonOptions.Namespace) ?? "doctor"), run.Stopping));

        bool ok = findings.All(f => f.Status != FindingStatus.Failed);
        run.Terminal.Result(new { ok, checks = findings }, console => Draw(console, findings));
        return ok ? 0 : 1;
    }

    static void Draw(IAnsiConsole console, IEnumerable<Finding> findings)
    {
        Table table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "", "");
        foreach (Finding finding in findings)
        {
            string mark = finding.Status switch { FindingStatus.Ok => "[green]ok[/]", FindingStatus.Warning => "[yellow]warning[/]", _ => "[red]failed[/]" };
            table.AddRow(mark, Markup.Escape(finding.Name), Markup.Escape(finding.Found));
            if (finding.Remedy is not null) table.AddRow("", "", "→ " + Markup.Escape(finding.Remedy));
        }
        console.Write(table);
    }
}
