using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Ranking.Mbat.Benchmarks;

// In one process, so that ratios are of one run and nothing is built anew: dotnet run -c Release -- --filter '*'
// dotnet run -c Release -- search-in-turn: the searches round after round in thread time.
// dotnet run -c Release -- documents-in-turn: the documents and the parser likewise.
// Many short iterations and their minimum: on a machine that others use, the minimum is what the code costs.
if (args is ["search-in-turn"])
{
    SearchInTurn.Run();
    return;
}
if (args is ["documents-in-turn"])
{
    DocumentsInTurn.Run();
    return;
}
ManualConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumn(StatisticColumn.Min)
    .AddJob(Job.Default.WithWarmupCount(30).WithIterationCount(200).WithIterationTime(TimeInterval.FromMilliseconds(4)).WithToolchain(InProcessEmitToolchain.Instance))
    .WithOptions(ConfigOptions.DisableOptimizationsValidator);
BenchmarkSwitcher.FromAssembly(typeof(LeafBenchmarks).Assembly).Run(args, config);
