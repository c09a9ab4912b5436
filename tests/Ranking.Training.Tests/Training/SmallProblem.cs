using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Training.Tests.Training;

/// <summary>A problem that a small model learns in a second: clicks follow from the item and from a number.</summary>
static class SmallProblem
{
    public static RankingSpec Spec(TrainingSpec training, ModelSpec? model = null, double keep = 1) => new()
    {
        Version = 1,
        Name = "small",
        Sources = new SourcesSpec("i.sql", "f.sql"),
        Context = new() { ["x"] = new ContextFieldSpec(FieldType.Number) },
        Labels = new()
        {
            ["click"] = new LabelSpec("click", TimeSpan.FromMilliseconds(10)),
            ["buy"] = new LabelSpec("buy", TimeSpan.FromMilliseconds(10), Weight: 0.5),
        },
        Negatives = new NegativesSpec(keep),
        Tables = new() { ["default"] = new TableSpec(Dimension: 4) },
        Features = new()
        {
            ["user"] = new IdFeatureSpec(new FieldRef("user")),
            ["item"] = new IdFeatureSpec(new FieldRef("item")),
            ["x"] = new NumberFeatureSpec(new FieldRef("context", "x")),
        },
        Groups = new() { ["who"] = new GroupSpec(["user"], Side.User), ["what"] = new GroupSpec(["item", "x"]) },
        Model = model ?? new ModelSpec(D: 8, H: 2, L: 1, Dropout: 0.1),
        Training = training,
    };

    public static List<Example> Examples(int count, int seed, int users = 40, int items = 30)
    {
        Random random = new(seed), taste = new(77);
        double[] quality = [.. Enumerable.Range(0, items).Select(_ => 3 * taste.NextDouble() - 1.5)];
        List<Example> examples = [];
        for (int i = 0; i < count; i++)
        {
            int user = random.Next(users), item = random.Next(items);
            float x = (float)(2 * random.NextDouble() - 1);
            double p = 1 / (1 + Math.Exp(-(quality[item] + 2 * x - 0.5)));
            float click = random.NextDouble() < p ? 1 : 0, buy = click > 0 && random.NextDouble() < 0.3 ? 1 : 0;
            examples.Add(new Example(i, $"r{i}", $"u{user}", $"i{item}", $"u{user}", new FeatureVector([x], [$"u{user}", $"i{item}"], [0, 1, 2]), [click, buy], ExampleSource.Backfilled));
        }
        return examples;
    }
}
