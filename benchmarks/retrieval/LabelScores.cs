namespace Ranking.RetrievalStudy;

/// <summary>How well neighbours share the label, each document asked against all others.</summary>
/// <param name="Nearest">Share of documents whose nearest neighbour has the same label.</param>
/// <param name="Recall10">Share of the same-label documents among the first ten, of those that could be there.</param>
internal readonly record struct LabelScores(double Nearest, double Recall10)
{
    public static LabelScores Of(Corpus corpus, Similarity similarity)
    {
        int n = corpus.Labels.Length;
        Dictionary<string, int> sizes = corpus.Labels.GroupBy(l => l).ToDictionary(g => g.Key, g => g.Count());
        int[] first = new int[n];
        double[] recall = new double[n];
        Parallel.For(0, n, new ParallelOptions { MaxDegreeOfParallelism = 2 }, query =>
        {
            // A document that is alone with its label says nothing.
            if (sizes[corpus.Labels[query]] == 1)
                return;
            float[] toAll = new float[n];
            similarity(query, toAll);
            toAll[query] = float.NegativeInfinity;
            int[] order = [.. Enumerable.Range(0, n)];
            Array.Sort(toAll.Select(x => -x).ToArray(), order);
            first[query] = corpus.Labels[order[0]] == corpus.Labels[query] ? 1 : 0;
            recall[query] = order.Take(10).Count(row => corpus.Labels[row] == corpus.Labels[query]) / (double)Math.Min(10, sizes[corpus.Labels[query]] - 1);
        });
        int asked = corpus.Labels.Count(l => sizes[l] > 1);
        return new(first.Sum() / (double)asked, recall.Sum() / asked);
    }
}
