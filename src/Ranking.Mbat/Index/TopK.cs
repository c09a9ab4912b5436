namespace Ranking.Mbat;

/// <summary>The k best rows seen, as a heap with the worst on top; of equal scores the lower row is better.</summary>
internal sealed class TopK(int k)
{
    private readonly (float Score, int Row)[] _heap = new (float, int)[k];
    private int _count;

    /// <summary>A score that is not above this changes nothing (rows come in rising order).</summary>
    public float Threshold { get; private set; } = float.NegativeInfinity;

    public void Offer(float score, int row)
    {
        if (_count < _heap.Length)
        {
            _heap[_count++] = (score, row);
            if (_count < _heap.Length)
                return;
            Array.Sort(_heap, Worse);
        }
        else if (score > Threshold)
        {
            Replace((score, row));
        }
        Threshold = _heap[0].Score;
    }

    /// <summary>The rows, best first.</summary>
    public (float Score, int Row)[] Sorted()
    {
        (float, int)[] rows = _heap[.._count];
        Array.Sort(rows, (a, b) => Worse(b, a));
        return rows;
    }

    private static int Worse((float Score, int Row) a, (float Score, int Row) b) =>
        a.Score != b.Score ? a.Score.CompareTo(b.Score) : b.Row.CompareTo(a.Row);

    private void Replace((float, int) entry)
    {
        int at = 0;
        while (2 * at + 1 < _heap.Length)
        {
            int child = 2 * at + 1;
            if (child + 1 < _heap.Length && Worse(_heap[child + 1], _heap[child]) < 0)
                child++;
            if (Worse(_heap[child], entry) >= 0)
                break;
            _heap[at] = _heap[child];
            at = child;
        }
        _heap[at] = entry;
    }
}
