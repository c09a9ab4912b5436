using System.Numerics;
using Ranking.Mbat;

namespace Ranking.RetrievalStudy;

/// <summary>Fills in the similarity of one document with all.</summary>
internal delegate void Similarity(int query, Span<float> toAll);

/// <summary>MBAT and its rivals over one corpus.</summary>
internal static class Similarities
{
    public static Similarity Mbat(Corpus corpus, MbatSettings settings)
    {
        MbatEncoder encoder = new(settings);
        return Dense([.. corpus.Documents.AsParallel().AsOrdered().WithDegreeOfParallelism(2).Select(document =>
        {
            float[] vector = new float[settings.Dimension];
            encoder.Encode(document, vector);
            return vector;
        })]);
    }

    public static MbatSettings WithLearnedWeights(Corpus corpus, MbatSettings settings)
    {
        LeafWeightLearner learner = new(settings, 20);
        foreach (byte[] document in corpus.Documents)
            learner.Observe(document);
        return settings with { LeafWeights = learner.Learn() };
    }

    /// <summary>Exact TF-IDF, (1 + ln tf)(ln((N + 1)/(df + 1)) + 1), sparse.</summary>
    public static Similarity TfIdf(Dictionary<string, double>[] bags)
    {
        (int Token, double Weight)[][] rows = Weighted(bags, out int tokens);
        List<(int Row, float Weight)>[] postings = new List<(int, float)>[tokens];
        for (int row = 0; row < rows.Length; row++)
        {
            foreach ((int token, double weight) in rows[row])
                (postings[token] ??= []).Add((row, (float)weight));
        }
        return (query, toAll) =>
        {
            toAll.Clear();
            foreach ((int token, double weight) in rows[query])
            {
                foreach ((int row, float other) in postings[token])
                    toAll[row] += (float)weight * other;
            }
        };
    }

    /// <summary>Feature hashing (Weinberger et al. 2009): each token of the bag adds its weight, with a random sign, to one of D sums.</summary>
    public static Similarity Hashing(Dictionary<string, double>[] bags, int dimension, bool idf) =>
        Dense([.. Sparse(bags, idf).Select(row =>
        {
            double[] sum = new double[dimension];
            foreach ((int token, double weight) in row)
            {
                uint hash = Hash(token, 1);
                sum[hash % (uint)dimension] += (hash >> 31) == 0 ? weight : -weight;
            }
            return Unit(sum);
        })]);

    /// <summary>SimHash (Charikar 2002): the signs of D random projections of the bag; similarity is the share of equal bits.</summary>
    public static Similarity SimHash(Dictionary<string, double>[] bags, int bits, bool idf)
    {
        ulong[][] signatures = [.. Sparse(bags, idf).AsParallel().AsOrdered().WithDegreeOfParallelism(2).Select(row =>
        {
            double[] sum = new double[bits];
            foreach ((int token, double weight) in row)
            {
                for (int b = 0; b < bits; b += 32)
                {
                    uint hash = Hash(token, (uint)b + 7);
                    for (int i = 0; i < 32; i++)
                        sum[b + i] += (hash >> i & 1) == 0 ? weight : -weight;
                }
            }
            ulong[] signature = new ulong[bits / 64];
            for (int b = 0; b < bits; b++)
                signature[b / 64] |= sum[b] > 0 ? 1UL << (b & 63) : 0;
            return signature;
        })];
        return (query, toAll) =>
        {
            for (int row = 0; row < signatures.Length; row++)
            {
                int different = 0;
                for (int word = 0; word < signatures[row].Length; word++)
                    different += BitOperations.PopCount(signatures[row][word] ^ signatures[query][word]);
                toAll[row] = -different;
            }
        };
    }

    private static Similarity Dense(float[][] vectors) => (query, toAll) =>
    {
        for (int row = 0; row < vectors.Length; row++)
        {
            Vector<float> sum = Vector<float>.Zero;
            for (int i = 0; i < vectors[row].Length; i += Vector<float>.Count)
                sum += new Vector<float>(vectors[row], i) * new Vector<float>(vectors[query], i);
            toAll[row] = Vector.Sum(sum);
        }
    };

    private static (int Token, double Weight)[][] Sparse(Dictionary<string, double>[] bags, bool idf)
    {
        if (idf)
            return Weighted(bags, out _);
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        return [.. bags.Select(bag => bag.Select(token => (Number(numbers, token.Key), token.Value)).ToArray())];
    }

    private static (int Token, double Weight)[][] Weighted(Dictionary<string, double>[] bags, out int tokens)
    {
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        List<int> documents = [];
        foreach (string token in bags.SelectMany(bag => bag.Keys))
        {
            int number = Number(numbers, token);
            if (number == documents.Count)
                documents.Add(0);
            documents[number]++;
        }
        tokens = numbers.Count;
        return [.. bags.Select(bag =>
        {
            (int Token, double Weight)[] row = [.. bag.Select(token => (numbers[token.Key], (1 + Math.Log(token.Value)) * (Math.Log((bags.Length + 1.0) / (documents[numbers[token.Key]] + 1.0)) + 1)))];
            double length = Math.Sqrt(row.Sum(t => t.Weight * t.Weight));
            return row.Select(t => (t.Token, t.Weight / length)).ToArray();
        })];
    }

    private static int Number(Dictionary<string, int> numbers, string token)
    {
        if (!numbers.TryGetValue(token, out int number))
            numbers.Add(token, number = numbers.Count);
        return number;
    }

    private static float[] Unit(double[] sum)
    {
        double length = Math.Sqrt(sum.Sum(x => x * x));
        return [.. sum.Select(x => (float)(length == 0 ? 0 : x / length))];
    }

    private static uint Hash(int token, uint salt)
    {
        ulong x = ((ulong)(uint)token << 32 | salt) + 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return (uint)(x >> 32 ^ x);
    }
}
