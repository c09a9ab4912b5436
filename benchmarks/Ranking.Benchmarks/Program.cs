using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Ranking.Benchmarks;

// From the repository's root, one class at a time: dotnet run -c Release --project benchmarks/Ranking.Benchmarks -- --filter '*Score*'
// dotnet run -c Release --project benchmarks/Ranking.Benchmarks -- freshness [REDIS|- [KAFKA]]: how soon documents are found.
// dotnet run -c Release --project benchmarks/Ranking.Benchmarks -- tables [IDS [DIM]]: an ID table beside Dictionary + EmbeddingBag.
// dotnet run -c Release --project benchmarks/Ranking.Benchmarks -- train run EXAMPLES KIND STEPS: the training loop; benchmarks/cpu has PyTorch's side.
// In one process, so that ratios are of one run; the minimum beside the mean, which on a machine that others use is what the code costs.
if (args is ["freshness", ..])
{
    await Freshness.RunAsync(args.ElementAtOrDefault(1) is "-" ? null : args.ElementAtOrDefault(1), args.ElementAtOrDefault(2));
    return;
}
if (args is ["tables", ..])
{
    TableStudy.Run(Number(1, 10_000_000), Number(2, 32));
    return;

    int Number(int at, int otherwise) => args.Length > at ? int.Parse(args[at], CultureInfo.InvariantCulture) : otherwise;
}
switch (args)
{
    case ["train", "dump", var examples, var folder]: TrainingStudy.Dump(examples, folder); return;
    case ["train", "run", var examples, var kind, var steps]: TrainingStudy.Run(examples, kind, int.Parse(steps, CultureInfo.InvariantCulture)); return;
}
ManualConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumn(StatisticColumn.Min)
    .AddJob(Job.Default.WithWarmupCount(8).WithIterationCount(40).WithIterationTime(TimeInterval.FromMilliseconds(50)).WithToolchain(InProcessEmitToolchain.Instance))
    .WithOptions(ConfigOptions.DisableOptimizationsValidator);
BenchmarkSwitcher.FromAssembly(typeof(KuaiRand).Assembly).Run(args, config);
