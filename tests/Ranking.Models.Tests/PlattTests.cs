using CsCheck;
using Ranking.Models.Trees;

namespace Ranking.Models.Tests;

public class PlattTests
{
    [Fact]
    public void Calibrated_scores_of_any_scale_are_no_worse_than_the_base_rate_and_keep_their_order() =>
        (from spread in Gen.Double[0.01, 300] from slope in Gen.Double[-3, 30] from seed in Gen.Int select (spread, slope, seed)).Sample(t =>
        {
            var random = new Random(t.seed);
            double[] scores = [.. Enumerable.Range(0, 400).Select(_ => (random.NextDouble() - 0.5) * t.spread)];
            float[] labels = [.. scores.Select(s => random.NextDouble() < 1 / (1 + Math.Exp(1 - t.slope * s / t.spread)) ? 1f : 0f)], weights = [.. scores.Select((_, i) => i % 10 == 0 ? 0f : 1f)];
            Platt fit = Platt.Fit(scores, labels, weights);
            Assert.True(fit.Slope > 0);
            double rate = Enumerable.Range(0, 400).Where(i => i % 10 > 0).Average(i => labels[i]);
            double Loss(Func<double, double> of) => Enumerable.Range(0, 400).Where(i => i % 10 > 0).Average(i => -Math.Log(labels[i] > 0 ? of(scores[i]) : 1 - of(scores[i])));
            if (rate is < 0.02 or > 0.98) return; // nearly one class
            Assert.True(Loss(fit.Of) <= Loss(_ => rate) + 5e-3, $"log loss {Loss(fit.Of)}, of the base rate {Loss(_ => rate)}");
            // The likeliest: no step to the side helps.
            double[] sides = [Loss((fit with { Slope = fit.Slope * 1.05 }).Of), Loss((fit with { Slope = fit.Slope * 0.95 }).Of), Loss((fit with { Offset = fit.Offset + 0.05 }).Of), Loss((fit with { Offset = fit.Offset - 0.05 }).Of)];
            if (t.slope > 3) Assert.All(sides, s => Assert.True(s >= Loss(fit.Of) - 1e-9));
        }, iter: 200);
}
