namespace Ranking.Streams.Replay;

/// <summary>Makes one sorted sequence of several.</summary>
static class SortedMerge
{
    /// <summary>The least first; of equals, that of the earlier sequence. Only the head of each sequence is in memory.</summary>
    public static IEnumerable<T> Of<T>(IEnumerable<IEnumerable<T>> sequences, Comparison<T> compare)
    {
        var heads = new List<IEnumerator<T>>();
        try
        {
            foreach (IEnumerable<T> sequence in sequences)
            {
                IEnumerator<T> head = sequence.GetEnumerator();
                heads.Add(head);
                if (!head.MoveNext()) Remove(heads, heads.Count - 1);
            }
            while (heads.Count > 0)
            {
                int least = 0; // a handful of sequences: a scan beats a heap
                for (int i = 1; i < heads.Count; i++)
                    if (compare(heads[i].Current, heads[least].Current) < 0) least = i;
                yield return heads[least].Current;
                if (!heads[least].MoveNext()) Remove(heads, least);
            }
        }
        finally
        {
            foreach (IEnumerator<T> head in heads) head.Dispose();
        }
    }

    static void Remove<T>(List<IEnumerator<T>> heads, int index)
    {
        heads[index].Dispose();
        heads.RemoveAt(index);
    }
}
