using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Cuda;
using Ranking.Models.Tables;
using static TorchSharp.torch;

namespace Ranking.Models.Tests.Cuda;

/// <summary>Training with ID tables on a card.</summary>
[Collection("card")]
public class CardFeedTests
{
    static readonly TrainingSpec Training = new(Schedule: "cosine", Warmup: 3, WeightDecay: 1e-4, EmbeddingDecay: 1e-3, ClipNorm: 0.5, Ema: 0.9, Seed: 5);
    static readonly FeatureLayout Layout = Problem.Layout(table: new TableSpec(8, 2, TimeSpan.FromMinutes(10), 40));

    // dnn: float32 on both devices, so that only the tables differ.
    static readonly ModelSpec Model = new(Kind: "dnn");

    static void NeedCard()
    {
        using CudaDevice? card = CudaDevice.TryOpen(out string reason);
        if (card is null || !CudaDevice.CanCompile(out reason)) Assert.Skip(reason);
        if (!cuda.is_available()) Assert.Skip($"the libtorch in {Torch.LoadedFrom} finds no CUDA device");
    }

    static Example[][] Batches(int count) => [.. Problem.Examples(Layout, count * 64, 3).Chunk(64)];

    [Fact]
    public void It_trains_as_tables_in_main_memory_do()
    {
        NeedCard();
        using RankingModel onCard = new(Layout, Model, 2, CUDA), onHost = new(Layout, Model, 2);
        using ModelTrainer card = new(onCard, Training, [1, 0.5], 30), host = new(onHost, Training, [1, 0.5], 30);
        Assert.StartsWith("on the card", card.TablePath, StringComparison.Ordinal);
        foreach (Example[] batch in Batches(30))
        {
            TrainingStep a = card.TrainStep(batch), e = host.TrainStep(batch);
            Assert.Equal(e.Loss, a.Loss, 1e-3f);
            Assert.InRange(a.GradientNorm, e.GradientNorm * 0.98, e.GradientNorm * 1.02);
        }
        float[] scores = onCard.Score([.. Batches(1)[0].Select(e => e.Features)]); // brings the rows back
        foreach ((float a, float e) in scores.Zip(onHost.Score([.. Batches(1)[0].Select(e => e.Features)]))) Assert.Equal(e, a, 3e-3f);
        foreach ((string name, IdTable table) in onHost.Tables)
        {
            IdTable other = onCard.Tables[name];
            Assert.True(table.Evicted + table.Expired > 0 || table.Count < 40);
            Assert.Equal((table.Count, table.Evicted, table.Expired), (other.Count, other.Evicted, other.Expired));
            double off = 0, size = 0;
            foreach ((string id, int row) in table.Ids())
                for (int d = 0; d < 8; d++)
                {
                    off += Math.Pow(table.Row(row)[d] - other.Row(other.Find(id))[d], 2);
                    size += Math.Pow(table.Row(row)[d], 2);
                }
            Assert.True(off <= 1e-4 * size, $"table {name}: rows are off by {Math.Sqrt(off / size):g2}");
        }
    }

    [Fact]
    public void Preparing_ahead_changes_no_bit_and_neither_does_resuming()
    {
        NeedCard();
        using Folder folder = new();
        Example[][] batches = Batches(30);
        Save("late", batches.Length, 0, ahead: false);
        Save("ahead", batches.Length, 0, ahead: true);
        Save("half", 17, 0, ahead: true);
        Save("rest", batches.Length, 17, ahead: true);
        foreach (string other in (string[])["ahead", "rest"])
            foreach (string file in Directory.GetFiles(folder.File("late")))
                Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder.File(other), Path.GetFileName(file)))), $"{Path.GetFileName(file)} of {other} differs");

        void Save(string name, int end, int from, bool ahead)
        {
            using ModelTrainer trainer = from == 0 ? new(new RankingModel(Layout, Model, 2, CUDA), Training, null, 30)
                : ModelTrainer.Resume(folder.File("half"), Layout, Model, Training, null, 30, CUDA);
            using RankingModel model = trainer.Model;
            for (int i = from; i < end; i++)
            {
                trainer.TrainStep(batches[i], ahead && i + 1 < end ? batches[i + 1] : null);
                Assert.Equal(ahead && i + 1 < end, trainer.IsAhead);
                if (trainer.IsAhead) Assert.Throws<InvalidOperationException>(() => trainer.Save(folder.File("early")));
            }
            trainer.Save(folder.File(name));
        }
    }

    [Fact]
    public void On_the_CPU_a_trainer_says_that_tables_are_in_main_memory()
    {
        using RankingModel model = new(Layout, Model, 2);
        using ModelTrainer trainer = new(model, Training with { Schedule = "constant" });
        Assert.Equal("in main memory (the model is on the CPU)", trainer.TablePath);
    }
}
