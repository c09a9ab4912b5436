using System.Diagnostics;
using System.Globalization;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Cuda;

/// <summary>
/// Times an ID table on a card: 10 M rows of 64 numbers, 40 ids an example, drawn so that the k-th most frequent comes 1/k times as often
/// as the first. What the card does (lookup and mean, the rows' gradients, Adagrad) by CUDA events; what the host does meanwhile for
/// another batch (ids to rows, which entry goes to which row, the copy) by the clock.
/// </summary>
public static class TableBench
{
    const int Rows = 10_000_000, Dim = 64, Ids = 40, Batches = 6;

    /// <summary>Runs and gives one object a line.</summary>
    /// <exception cref="CudaException">There is no card that the kernels run on, or its memory is too small.</exception>
    public static void Run(int batch, int repeats, Action<IReadOnlyDictionary<string, object>> line)
    {
        FeatureLayout layout = FeatureLayout.Of(new RankingSpec
        {
            Version = 1,
            Name = "tables",
            Sources = new SourcesSpec("impressions.sql"),
            Labels = new() { ["click"] = new LabelSpec("click", TimeSpan.FromHours(1)) },
            Tables = new() { ["default"] = new TableSpec(Dim, Rows: Rows) },
            Features = new() { ["ids"] = new MultiHotFeatureSpec(new FieldRef("item", "ids"), Ids) },
            Groups = new() { ["item"] = new GroupSpec(["ids"], Side.Item) },
        });
        if (CudaDevice.TryOpen(out string reason) is not { } card) throw new CudaException(reason);
        using CudaDevice _ = card;
        using RankingModel model = new(layout, new ModelSpec(Kind: "dnn"), 1, CUDA);
        IdTable table = model.Tables.Values.Single();
        for (int i = 0; i < Rows; i++) table.Resolve(Id(i), 0);
        using CardFeed feed = CardFeed.TryOpen(model, [1], out reason) ?? throw new CudaException(reason);
        Random random = new(7);
        Example[][] batches = [.. Enumerable.Range(0, Batches).Select(_ => Enumerable.Range(0, batch).Select(_ => Draw(random)).ToArray())];
        using Tensor gradient_BF = randn([batch, Dim], ScalarType.Float32, CUDA);
        List<double> ms = [], host = [];
        for (int i = -Batches; i < repeats; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            long began = Stopwatch.GetTimestamp();
            feed.Stage(batches[(i + Batches) % Batches], null);
            double staged = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            double took = CudaTimer.Milliseconds(0, () =>
            {
                Tensor leaf_BF = feed.ToTensors().Input.X_BF;
                leaf_BF.grad = gradient_BF;
                feed.Backward();
                feed.Apply(0.01f, 0, 1);
            });
            if (i < 0) continue;
            ms.Add(took);
            host.Add(staged);
        }
        ms.Sort();
        host.Sort();
        line(new Dictionary<string, object>
        {
            ["gpu"] = card.Name,
            ["kind"] = "tables",
            ["mode"] = "ranking",
            ["part"] = "lookup+gradient+adagrad",
            ["ms"] = Math.Round(ms[ms.Count / 2], 3),
            ["ms_min"] = Math.Round(ms[0], 3),
            ["host_ms"] = Math.Round(host[host.Count / 2], 2),
            ["rows"] = Rows,
            ["dim"] = Dim,
            ["batch"] = batch,
            ["ids"] = Ids,
            ["different"] = table.BatchRows.Count,
        });

        Example Draw(Random random)
        {
            string[] ids = [.. Enumerable.Range(0, Ids).Select(_ => Id((int)((long)Math.Pow(Rows, random.NextDouble()) * 7_368_787 % Rows)))];
            return new Example(0, "r", "u", "i", "u", new FeatureVector([], ids, [0, Ids]), [1f], ExampleSource.Backfilled);
        }

        static string Id(int number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
