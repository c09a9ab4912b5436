using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Spec;
using Ranking.Serving;
using Ranking.Store;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking serve</c>: the ranker; runs until it is told to stop.</summary>
internal sealed class ServeCommand : RankingCommand
{
    readonly Option<string> spec = SpecOptions.Spec(), registry = ModelOptions.Registry();
    readonly Option<string?> redis = RedisAddress.Option(), model = OptionFactory.Text("--model", "Name of the model; the spec's name by default.", "NAME"),
        vectors = OptionFactory.Text("--vectors", "File of the items' vectors (index build --documents), searched in this process instead of the vector set in Redis; a new file in its place is taken.", "FILE");
    readonly Option<string?> kafka = OptionFactory.Text("--kafka", "Kafka brokers, to write what answers were scored with to topic served: training learns from just that.", "HOST:PORT"), kafkaConfig = KafkaAddress.ConfigOption();
    readonly Option<int> http = OptionFactory.Integer("--http", "Port of the API; 0 picks a free one and prints it.", 8080, 0, 65535), admin = OptionFactory.Integer("--admin", "Port of metrics and health; 0 picks a free one.", 9090, 0, 65535);

    public ServeCommand() : base("serve", "Serve rankings over HTTP, with the promoted model version and features from Redis.", "ranking serve --spec features/kuairand --registry models --redis localhost:6379")
    {
        redis.Required = true;
        foreach (Option option in (Option[])[spec, registry, redis, kafka, kafkaConfig, model, vectors, http, admin]) Add(option);
    }

    public override bool IsServer => true;

    public override async Task<int> RunAsync(Invocation run)
    {
        RankingSpec problem = SpecOptions.Read(run.Get(spec));
        StoreOptions store = RedisAddress.Store(run.Get(redis)!, run.Get(CommonOptions.Namespace) ?? problem.Name);
        RankerOptions options = new()
        {
            Spec = run.Get(spec),
            Registry = run.Get(registry),
            Model = run.Get(model),
            Redis = store.Address,
            RedisUser = store.User,
            RedisPassword = store.Password,
            VectorFile = run.Get(vectors),
            Namespace = store.Namespace,
            Kafka = run.Get(kafka) is { } brokers ? SpecOptions.Kafka(run, brokers, run.Get(kafkaConfig), problem) : null,
        };
        await using RankerHost host = await RankerHost.StartAsync(options, new() { HttpPort = run.Get(http), AdminPort = run.Get(admin) }, run.AddLogs, run.Stopping);
        run.Terminal.Result(new { http = host.Http, admin = host.Admin }, console => console.Write(new Spectre.Console.Text($"listening on {host.Http}, metrics and health on {host.Admin}\n")));
        await host.WaitAsync(run.Stopping);
        return 0;
    }
}
