using System.Text.Json.Serialization;

namespace Ranking.Training;

/// <summary>The training loss over all of a run in at most 400 points: when they are full, every two become one.</summary>
/// <param name="points">Points so far.</param>
/// <param name="batchesAPoint">Batches that one point averages.</param>
/// <param name="batches">Batches of the point that is not complete.</param>
/// <param name="sum">Sum of their losses.</param>
[method: JsonConstructor]
sealed class LossCurve(List<CurvePoint> points, int batchesAPoint, int batches, double sum)
{
    const int Most = 400;

    /// <summary>An empty curve.</summary>
    public LossCurve() : this([], 1, 0, 0) { }

    /// <summary>The points.</summary>
    public List<CurvePoint> Points { get; } = points;

    /// <summary>Batches that one point averages.</summary>
    public int BatchesAPoint { get; private set; } = batchesAPoint;

    /// <summary>Batches of the point that is not complete.</summary>
    public int Batches { get; private set; } = batches;

    /// <summary>Sum of their losses.</summary>
    public double Sum { get; private set; } = sum;

    /// <summary>Adds a batch.</summary>
    /// <param name="samples">Examples learned from, the batch included.</param>
    /// <param name="loss">Its loss.</param>
    public void Add(long samples, double loss)
    {
        Sum += loss;
        if (++Batches < BatchesAPoint) return;
        Points.Add(new CurvePoint(samples, Sum / Batches));
        (Sum, Batches) = (0, 0);
        if (Points.Count < Most) return;
        CurvePoint[] merged = [.. Points.Chunk(2).Select(two => new CurvePoint(two[1].Samples, (two[0].Loss + two[1].Loss) / 2))];
        Points.Clear();
        Points.AddRange(merged);
        BatchesAPoint *= 2;
    }
}
