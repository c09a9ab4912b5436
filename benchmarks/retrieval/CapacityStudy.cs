using System.Globalization;
using Ranking.Mbat;

namespace Ranking.RetrievalStudy;

/// <summary>How often a key's value is read back from a document of S keys, by D and kind of key, beside the bound of papers/mbat, section 4.</summary>
internal static class CapacityStudy
{
    private const int Entries = 1000;

    public static void Run(Report report)
    {
        List<string[]> rows = [];
        LinePlot plot = new("D", "values read back", 0, 1, logX: true);
        foreach (int keys in new[] { 10, 20, 50 })
        {
            foreach (KeyKind kind in new[] { KeyKind.Permutation, KeyKind.Butterfly, KeyKind.Haar })
            {
                List<(double, double)> line = [];
                foreach (int dimension in new[] { 128, 256, 512, 1024, 2048 })
                {
                    // Haar matrices of larger size take minutes to make.
                    if (kind == KeyKind.Haar && (dimension > 512 || keys > 20))
                        continue;
                    double share = Share(kind, dimension, keys);
                    double bound = 1 - Math.Min(1, Entries * UpperTail(Math.Sqrt(dimension / (2.0 * keys - 1))));
                    line.Add((dimension, share));
                    rows.Add([keys.ToString(CultureInfo.InvariantCulture), $"{kind}", dimension.ToString(CultureInfo.InvariantCulture), share.ToString("F4", CultureInfo.InvariantCulture), bound.ToString("F4", CultureInfo.InvariantCulture)]);
                }
                if (kind == KeyKind.Permutation)
                {
                    plot.Add($"{keys} keys, permutation", line);
                    plot.Add($"{keys} keys, bound", line.Select(p => (p.Item1, 1 - Math.Min(1, Entries * UpperTail(Math.Sqrt(p.Item1 / (2.0 * keys - 1)))))), dashed: true);
                }
                else if (line.Count > 0 && keys == 20)
                {
                    plot.Add($"{keys} keys, {kind}", line);
                }
            }
        }
        report.Heading("Capacity");
        report.Text($"Documents of S keys with values drawn from {Entries}; a value is read back by unbinding its key and taking the nearest of all {Entries}. The bound for one key is 1 − N·Q(√(D/(2S − 1))).");
        report.Table(["S", "keys", "D", "read back", "bound"], rows);
        report.Plot("capacity", "Values read back by dimension", plot);
    }

    private static double Share(KeyKind kind, int dimension, int keys)
    {
        MbatEncoder encoder = new(new MbatSettings { Dimension = dimension, Keys = kind });
        MbatDecoder decoder = new(encoder);
        Codebook codebook = new(encoder, Enumerable.Range(0, Entries).Select(i => $"\"value{i}\""));
        Random random = new(1);
        int right = 0, total = 0;
        while (total < 400)
        {
            int[] values = [.. Enumerable.Range(0, keys).Select(_ => random.Next(Entries))];
            float[] vector = encoder.Encode("{" + string.Join(",", values.Select((v, k) => $"\"k{k}\":\"value{v}\"")) + "}");
            for (int k = 0; k < keys; k++, total++)
                right += decoder.Decode(vector, $"k{k}", codebook).Value == $"\"value{values[k]}\"" ? 1 : 0;
        }
        return right / (double)total;
    }

    // Abramowitz and Stegun 26.2.17.
    private static double UpperTail(double x)
    {
        double t = 1 / (1 + 0.2316419 * x);
        return Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI) * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    }
}
