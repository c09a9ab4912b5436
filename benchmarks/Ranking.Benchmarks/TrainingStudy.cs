using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Models.Export;
using Ranking.Training.Batches;
using static TorchSharp.torch;

namespace Ranking.Benchmarks;

/// <summary>
/// The training loop on KuaiRand, beside <c>benchmarks/cpu/train.py</c>, which is the same model in PyTorch. <c>train dump EXAMPLES OUT</c> writes the examples and, for each
/// kind, the initial weights and rows; <c>train run EXAMPLES KIND STEPS</c> trains from the Parquet file and prints losses, speed and what the heap grew by.
/// Same settings for both: no dropout, no averaging, every id its row at once, dense Adam, sparse Adagrad.
/// </summary>
internal static class TrainingStudy
{
    const int Warm = 200, Losses = 20;

    public static void Dump(string examples, string folder)
    {
        RankingSpec spec = Spec("tokenmixer-large");
        FeatureLayout layout = FeatureLayout.Of(spec);
        List<Example> all = [.. Batches(spec, examples, CancellationToken.None).SelectMany(b => b.Examples)];
        Directory.CreateDirectory(folder);
        foreach (FeatureColumn column in layout.Columns)
        {
            string file = Path.Combine(folder, column.Feature);
            if (column.IsIds)
            {
                File.WriteAllLines($"{file}.ids", all.SelectMany(e => e.Features.IdsOf(column.Index).ToArray()), new UTF8Encoding(false));
                int sum = 0;
                File.WriteAllBytes($"{file}.ends", MemoryMarshal.AsBytes(all.Select(e => sum += e.Features.IdsOf(column.Index).Length).ToArray().AsSpan()));
            }
            else
            {
                File.WriteAllBytes($"{file}.f32", MemoryMarshal.AsBytes(all.SelectMany(e => e.Features.Numbers[column.Index..(column.Index + column.Width)]).ToArray().AsSpan()));
            }
        }
        File.WriteAllBytes(Path.Combine(folder, "labels.f32"), MemoryMarshal.AsBytes(all.SelectMany(e => e.Labels).ToArray().AsSpan()));
        foreach (string kind in (string[])["tokenmixer-large", "dcnv2"])
        {
            using RankingModel model = new(layout, Spec(kind).Model, (ulong)spec.Training.Seed);
            foreach (Example example in all)
                foreach (FeatureColumn column in layout.Columns.Where(c => c.IsIds))
                    foreach (string id in example.Features.IdsOf(column.Index)) model.Tables[column.Table!].Resolve(id, example.TimeMs);
            ModelExport.Write(model, Directory.CreateDirectory(Path.Combine(folder, kind)).FullName, kind);
            File.WriteAllLines(Path.Combine(folder, kind, "input.tsv"), model.Input.Columns.Select(c => $"{c.Name}\t{layout.Columns.First(l => l.Feature == c.Name).Table}\t{c.Width}"));
            File.WriteAllLines(Path.Combine(folder, kind, "groups.tsv"), model.Input.Groups.Select(g => $"{g.Name}\t{g.Offset}\t{g.Width}"));
        }
    }

    public static void Run(string examples, string kind, int steps)
    {
        Torch.Load();
        set_num_threads(int.Parse(Environment.GetEnvironmentVariable("STUDY_THREADS") ?? "2", CultureInfo.InvariantCulture));
        RankingSpec spec = Spec(kind);
        using RankingModel model = new(FeatureLayout.Of(spec), spec.Model, (ulong)spec.Training.Seed);
        using ModelTrainer trainer = new(model, spec.Training, [.. spec.Labels.Values.Select(l => l.Weight)]);
        using ReadAhead<ExampleBatch> batches = new(cancel => Endless(spec, examples, cancel), 8, CancellationToken.None);
        Stopwatch clock = new();
        long heap = 0;
        TimeSpan cpu = default;
        List<double> rates = [];
        foreach (ExampleBatch batch in batches.Read())
        {
            float loss = trainer.TrainStep(batch.Examples).Loss;
            if (trainer.Step <= Losses) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"loss {trainer.Step} {loss:F6}"));
            if (trainer.Step >= Warm && trainer.Step % 50 == 0)
            {
                if (clock.IsRunning) rates.Add(50 * spec.Training.Batch / clock.Elapsed.TotalSeconds);
                clock.Restart();
            }
            if (trainer.Step == Warm) cpu = Environment.CpuUsage.TotalTime;
            if (trainer.Step % 1000 == 0)
            {
                long now = GC.GetTotalMemory(forceFullCollection: true);
                Console.WriteLine($"heap {trainer.Step} {now / 1e6:F1} MB ({(now - heap) / 1e6:+0.0;-0.0})");
                heap = now;
                clock.Restart();
            }
            if (trainer.Step >= steps) break;
        }
        rates.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"samples/s {rates[rates.Count / 2]:F0} (best {rates[^1]:F0}), CPU ms/step {(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / (steps - Warm):F2}"));
    }

    static IEnumerable<ExampleBatch> Endless(RankingSpec spec, string examples, CancellationToken cancel)
    {
        while (true)
            foreach (ExampleBatch batch in Batches(spec, examples, cancel)) yield return batch;
    }

    /// <summary>Whole batches only, in the file's order.</summary>
    static IEnumerable<ExampleBatch> Batches(RankingSpec spec, string examples, CancellationToken cancel) =>
        new BatchOrder(spec.Training.Batch).Read(new ExampleFiles(spec, [examples]), 0, BatchPosition.Start, cancel).Where(b => b.Examples.Count == spec.Training.Batch);

    static RankingSpec Spec(string kind)
    {
        RankingSpec spec = SpecReader.Read("features/kuairand", [("model.kind", kind), ("model.dropout", "0"), ("training.ema", "0"), ("training.embedding_decay", "0"), ("tables.default.admission", "1")]);
        return spec with { Training = spec.Training with { ShuffleWindow = 0, Patience = 0, ClipNorm = 0 } };
    }
}
