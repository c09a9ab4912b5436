using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Models.Tests;

public class ModelTrainerTests
{
    static readonly ModelSpec Small = new(D: 16, H: 4, TokenizerInit: 0.5);

    [Theory]
    [InlineData("adagrad")]
    [InlineData("adam")]
    [InlineData("adamw")]
    public void Training_learns_what_the_labels_depend_on(string optimizer)
    {
        FeatureLayout layout = Problem.Layout();
        using RankingModel model = new(layout, Small, 1);
        using ModelTrainer trainer = new(model, new TrainingSpec(Optimizer: optimizer, WeightDecay: 1e-5));
        Example[] examples = Problem.Examples(layout, 4096, 1);
        float first = 0, last = 0;
        for (int epoch = 0; epoch < 6; epoch++)
        {
            foreach (Example[] batch in examples.Chunk(256))
            {
                last = trainer.TrainStep(batch).Loss;
                if (first == 0) first = last;
            }
        }
        Assert.InRange(first, 0.6f, 0.8f);
        Assert.True(last < 0.6f, $"loss went from {first} to {last}");
    }
}
