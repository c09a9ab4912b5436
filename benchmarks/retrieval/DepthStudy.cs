using System.Globalization;
using Ranking.Mbat;

namespace Ranking.RetrievalStudy;

/// <summary>
/// What depth does to norms and similarities: orthogonal keys against the plain Gaussian matrices of the first MBAT
/// papers, beside the drift that papers/mbat, section 1, predicts.
/// </summary>
internal static class DepthStudy
{
    private const int Dimension = 256;
    private const int Trials = 60;

    public static void Run(Report report)
    {
        int[] depths = [1, 2, 4, 8, 16, 32];
        LinePlot plot = new("depth L", "standard deviation of the norm", 0, 0.5, logX: true);
        List<string[]> rows = [];
        List<(double, double)> random = [], orthogonal = [];
        foreach (int depth in depths)
        {
            (double randomNorm, double randomCosine) = Gaussian(depth);
            (double norm, double cosine) = Permuted(depth);
            random.Add((depth, randomNorm));
            orthogonal.Add((depth, norm));
            rows.Add([depth.ToString(CultureInfo.InvariantCulture), Number(randomNorm), Number(Math.Sqrt(depth / (2.0 * Dimension))), Number(randomCosine), Number(norm), Number(cosine)]);
        }
        plot.Add("random matrices", random);
        plot.Add("√(L/2D)", depths.Select(d => ((double)d, Math.Sqrt(d / (2.0 * Dimension)))), dashed: true);
        plot.Add("permutation", orthogonal);
        report.Heading("Depth");
        report.Text($"A vector of length 1 and another at cosine 0.5 under L keys, D = {Dimension}, {Trials} draws: the norm's standard deviation and the cosine's. For permutation keys the texts are two words of which one is shared, and the norm is that of the vector after the L keys are unbound again.");
        report.Table(["L", "random: sd of norm", "√(L/2D)", "random: sd of cosine", "permutation: sd of norm", "permutation: sd of cosine"], rows);
        report.Plot("depth", "Norms under L keys", plot);
    }

    private static string Number(double x) => x.ToString("F4", CultureInfo.InvariantCulture);

    // Entries N(0, 1/D).
    private static (double Norm, double Cosine) Gaussian(int depth)
    {
        Random random = new(depth);
        List<double> norms = [], cosines = [];
        for (int trial = 0; trial < Trials; trial++)
        {
            double[] a = Unit(random), b = Mixed(a, Unit(random));
            for (int level = 0; level < depth; level++)
            {
                double[] nextA = new double[Dimension], nextB = new double[Dimension];
                for (int i = 0; i < Dimension; i++)
                {
                    for (int j = 0; j < Dimension; j++)
                    {
                        double entry = Normal(random) / Math.Sqrt(Dimension);
                        nextA[i] += entry * a[j];
                        nextB[i] += entry * b[j];
                    }
                }
                (a, b) = (nextA, nextB);
            }
            double normA = Math.Sqrt(a.Sum(x => x * x)), normB = Math.Sqrt(b.Sum(x => x * x));
            norms.Add(normA);
            cosines.Add(a.Zip(b, (x, y) => x * y).Sum() / (normA * normB));
        }
        return (Deviation(norms), Deviation(cosines));
    }

    // Two texts that share one of two words: what the encoder does, and the norm of what unbinding L keys gives back.
    private static (double Norm, double Cosine) Permuted(int depth)
    {
        List<double> norms = [], cosines = [];
        for (int trial = 0; trial < Trials; trial++)
        {
            MbatEncoder encoder = new(new MbatSettings { Dimension = Dimension, Seed = (ulong)trial, Normalization = Normalization.Raw });
            double flat = Cosine(encoder, "\"same one\"", "\"same two\"");
            string open = string.Concat(Enumerable.Range(0, depth).Select(i => $"{{\"k{i}\":")), close = new('}', depth);
            string path = string.Join(".", Enumerable.Range(0, depth).Select(i => $"k{i}"));
            float[] vector = new MbatDecoder(encoder).Unbind(encoder.Encode($"{open}\"same one\"{close}"), path);
            norms.Add(Math.Sqrt(vector.Sum(x => (double)x * x)));
            cosines.Add(Cosine(encoder, $"{open}\"same one\"{close}", $"{open}\"same two\"{close}") - flat);
        }
        return (Deviation(norms), Deviation(cosines));
    }

    private static double Cosine(MbatEncoder encoder, string a, string b) => encoder.Encode(a).Zip(encoder.Encode(b), (x, y) => (double)x * y).Sum();

    private static double Deviation(List<double> values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static double[] Unit(Random random)
    {
        double[] x = [.. Enumerable.Range(0, Dimension).Select(_ => Normal(random))];
        double length = Math.Sqrt(x.Sum(v => v * v));
        return [.. x.Select(v => v / length)];
    }

    private static double[] Mixed(double[] a, double[] other)
    {
        double along = a.Zip(other, (x, y) => x * y).Sum();
        double[] across = [.. other.Select((y, i) => y - along * a[i])];
        double length = Math.Sqrt(across.Sum(v => v * v));
        return [.. a.Select((x, i) => 0.5 * x + Math.Sqrt(0.75) * across[i] / length)];
    }
}
