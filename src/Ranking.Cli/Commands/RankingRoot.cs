using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Ranking.Cli.Parsing;

namespace Ranking.Cli.Commands;

/// <summary>The command <c>ranking</c> with all its commands.</summary>
internal sealed class RankingRoot : RootCommand, IExample
{
    /// <summary>Puts the commands together, in the order in which a newcomer meets them.</summary>
    public RankingRoot() : base("Recommendation ranking: from events in Kafka to a ranked list.")
    {
        Add(CommonOptions.Json);
        Add(CommonOptions.LogLevel);
        Add(CommonOptions.LogFormat);
        Add(CommonOptions.Namespace);
        Add(new QuickstartCommand());
        Add(new ReplayCommand());
        Add(new PipelineCommand());
        Add(new ExamplesCommand());
        Add(new TrainCommand());
        Add(new TuneCommand());
        Add(new EvaluateCommand());
        Add(new CompareCommand());
        Add(new ServeCommand());
        Add(new RankCommand());
        Add(new CommandGroup("models", "Versions of models: list, show, promote, roll back.", "ranking models list --registry models",
            new ModelsListCommand(), new ModelsShowCommand(), new ModelsPromoteCommand(), new ModelsRollbackCommand(), new ModelsExportCommand(), new ModelsImportCommand()));
        Add(new CommandGroup("topics", "The problem's topics: create, list, show.", "ranking topics list --spec features/kuairand --kafka localhost:9092", new TopicsCreateCommand(), new TopicsListCommand(), new TopicsShowCommand()));
        Add(new CommandGroup("dead", "Messages that could not be used: list, show, retry.", "ranking dead list --spec features/kuairand --kafka localhost:9092", new DeadListCommand(), new DeadShowCommand(), new DeadRetryCommand()));
        Add(new CommandGroup("store", "The rows in Redis: verify, rebuild, erase.", "ranking store verify --spec features/kuairand --kafka localhost:9092 --redis localhost:6379", new StoreVerifyCommand(), new StoreRebuildCommand(), new StoreEraseCommand()));
        Add(new EncodeCommand());
        Add(new CommandGroup("index", "Searchable files of vectors.", "ranking index build --vectors vectors.npy --out documents.index", new IndexBuildCommand()));
        Add(new DecodeCommand());
        Add(new SimilarCommand());
        Add(new CommandGroup("bench", "Measurements: model, serve, store, encode.", "ranking bench serve --url http://localhost:8080 --requests requests.jsonl", new BenchModelCommand(), new BenchServeCommand(), new BenchStoreCommand(), new BenchEncodeCommand()));
        Add(new DoctorCommand());
        Add(new CompletionCommand());
        foreach (Option option in Options)
        {
            if (option is HelpOption help) help.Action = new HelpWithExample((HelpAction)help.Action!);
            if (option is VersionOption version) version.Action = new PrintVersion();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Examples { get; } = ["ranking doctor"];

    /// <summary>This program's version.</summary>
    public static string Version { get; } = typeof(RankingRoot).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(Version);
            return 0;
        }
    }

    sealed class HelpWithExample(HelpAction standard) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            standard.Invoke(parseResult);
            TextWriter output = parseResult.InvocationConfiguration.Output;
            if (parseResult.CommandResult.Command is IExample { Examples: var examples })
            {
                output.WriteLine(examples.Count == 1 ? "Example:" : "Examples:");
                foreach (string example in examples) output.WriteLine("  " + example);
            }
            output.WriteLine();
            output.WriteLine("Every option also reads RANKING_<OPTION>, such as RANKING_LOG_LEVEL. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.");
            return 0;
        }
    }
}
