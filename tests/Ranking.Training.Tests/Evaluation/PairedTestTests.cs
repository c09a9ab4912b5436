using CsCheck;
using Ranking.Training.Evaluation;

namespace Ranking.Training.Tests.Evaluation;

public class PairedTestTests
{
    /// <summary>The estimate written as its definition, pair by pair.</summary>
    static (double Delta, double Error) Naive(float[] labels, double[] a, double[] b, int[] users)
    {
        static double Point(double p, double n) => p > n ? 1 : p == n ? 0.5 : 0;
        int[] positives = [.. Enumerable.Range(0, labels.Length).Where(i => labels[i] > 0)], negatives = [.. Enumerable.Range(0, labels.Length).Where(i => labels[i] <= 0)];
        double Pair(int p, int n) => Point(b[p], b[n]) - Point(a[p], a[n]);
        double delta = positives.Average(p => negatives.Average(n => Pair(p, n)));
        double variance = 0;
        int clusters = 0;
        foreach (int user in users.Distinct())
        {
            double own = positives.Where(p => users[p] == user).Sum(p => negatives.Average(n => Pair(p, n)) - delta) / positives.Length
                + negatives.Where(n => users[n] == user).Sum(n => positives.Average(p => Pair(p, n)) - delta) / negatives.Length;
            variance += own * own;
            clusters++;
        }
        return (delta, Math.Sqrt(variance * clusters / (clusters - 1)));
    }

    [Fact]
    public void Difference_and_interval_agree_with_the_definition() =>
        Gen.Select(Gen.Int[0, 1], Gen.Int[0, 5], Gen.Int[0, 5], Gen.Int[0, 7]).Array[2, 40].Sample(rows =>
        {
            float[] labels = [.. rows.Select(r => (float)r.Item1)];
            double[] a = [.. rows.Select(r => (double)r.Item2)], b = [.. rows.Select(r => (double)r.Item3)];
            int[] users = [.. rows.Select(r => r.Item4)];
            AucDifference? found = PairedTest.Compare(labels, a, b, users);
            if (labels.Distinct().Count() < 2 || users.Distinct().Count() < 2)
            {
                Assert.Null(found);
                return;
            }
            (double delta, double error) = Naive(labels, a, b, users);
            Assert.Equal(delta, found!.DeltaAuc, 1e-12);
            Assert.Equal(delta + 1.959963984540054 * error, found.High, 1e-12);
            Assert.Equal(delta - 1.959963984540054 * error, found.Low, 1e-12);
        });

    [Fact]
    public void Two_noises_are_told_apart_as_often_as_the_level_says()
    {
        // Users shift all their rows' scores together: without clusters the test would cry wolf far more often than one in twenty.
        Random random = new(11);
        int rejected = 0;
        const int trials = 300;
        for (int trial = 0; trial < trials; trial++)
        {
            List<float> labels = [];
            List<double> a = [], b = [];
            List<int> users = [];
            for (int user = 0; user < 60; user++)
            {
                double shiftA = random.NextDouble(), shiftB = random.NextDouble(), taste = random.NextDouble();
                for (int i = 0; i < 8; i++)
                {
                    labels.Add(random.NextDouble() < taste ? 1 : 0);
                    a.Add(shiftA + 0.3 * random.NextDouble());
                    b.Add(shiftB + 0.3 * random.NextDouble());
                    users.Add(user);
                }
            }
            if (PairedTest.Compare([.. labels], [.. a], [.. b], [.. users])!.P < 0.05) rejected++;
        }
        Assert.InRange(rejected, 5, 30);
    }

    [Fact]
    public void A_model_against_itself_differs_by_nothing()
    {
        AucDifference same = PairedTest.Compare([1, 0, 1, 0], [0.4, 0.2, 0.1, 0.3], [0.4, 0.2, 0.1, 0.3], [0, 0, 1, 1])!;
        Assert.Equal((0, 0, 0, 1), (same.DeltaAuc, same.Low, same.High, same.P));
    }

    [Fact]
    public void P_is_the_normal_tail_of_the_interval()
    {
        AucDifference found = PairedTest.Compare([1, 0, 1, 0, 1, 0, 0, 1], [1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 4, 3, 6, 8, 5, 7], [0, 0, 1, 1, 2, 2, 3, 3])!;
        double z = Math.Abs(found.DeltaAuc) / ((found.High - found.Low) / 2 / 1.959963984540054);
        double tail = 0; // the density, integrated by the midpoint rule
        for (double x = z + 0.0005; x < 12; x += 0.001) tail += Math.Exp(-x * x / 2) * 0.001 / Math.Sqrt(2 * Math.PI);
        Assert.Equal(2 * tail, found.P, 1e-6);
    }
}
