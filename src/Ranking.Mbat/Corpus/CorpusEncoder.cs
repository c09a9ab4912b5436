namespace Ranking.Mbat;

/// <summary>Encodes a corpus: reads ahead, encodes on all given threads, hands the vectors over in the order of the documents.</summary>
public static class CorpusEncoder
{
    private const int Batch = 256;

    /// <summary>Encodes every document and writes its vector; numbers become text on the threads that encode.</summary>
    /// <param name="corpus">The documents.</param>
    /// <param name="encoder">The encoder.</param>
    /// <param name="writer">Takes the vectors.</param>
    /// <param name="threads">Threads that encode; 0 for as many as there are processors.</param>
    /// <param name="progress">Told how many documents are done, every few hundred.</param>
    /// <param name="cancel">Stops between batches.</param>
    /// <returns>How many documents there were.</returns>
    /// <exception cref="MbatFormatException">A document is no JSON or breaks a limit; line and column are the corpus's. Those before it have been written.</exception>
    public static long Run(
        CorpusReader corpus, MbatEncoder encoder, VectorWriter writer, int threads = 0, IProgress<long>? progress = null, CancellationToken cancel = default)
    {
        if (!writer.IsText)
            return Run(corpus, encoder, null, (_, id, _, vector) => writer.Write(id, vector), threads, progress, cancel);
        VectorText[] lines = [.. Enumerable.Range(0, Batch).Select(_ => new VectorText())];
        try
        {
            return Run(corpus, encoder, (i, id, vector) => lines[i].Render(id, vector), (i, _, _, _) => writer.Write(lines[i]), threads, progress, cancel);
        }
        finally
        {
            foreach (VectorText line in lines)
                line.Dispose();
        }
    }

    /// <summary>Encodes every document.</summary>
    /// <param name="corpus">The documents.</param>
    /// <param name="encoder">The encoder.</param>
    /// <param name="write">Takes id, label and the D floats of each document; the floats are valid during the call.</param>
    /// <param name="threads">Threads that encode; 0 for as many as there are processors.</param>
    /// <param name="progress">Told how many documents are done, every few hundred.</param>
    /// <param name="cancel">Stops between batches.</param>
    /// <returns>How many documents there were.</returns>
    /// <exception cref="MbatFormatException">A document is no JSON or breaks a limit; line and column are the corpus's. Those before it have been written.</exception>
    public static long Run(
        CorpusReader corpus, MbatEncoder encoder, VectorSink write, int threads = 0, IProgress<long>? progress = null, CancellationToken cancel = default) =>
        Run(corpus, encoder, null, (_, id, label, vector) => write(id, label, vector), threads, progress, cancel);

    private static long Run(
        CorpusReader corpus, MbatEncoder encoder, Render? render, Take take, int threads, IProgress<long>? progress, CancellationToken cancel)
    {
        int d = encoder.Dimension;
        float[] vectors = new float[Batch * d];
        byte[] bytes = new byte[1 << 20];
        List<(CorpusDocument Document, int Start, int Length)> batch = new(Batch);
        MbatFormatException?[] errors = new MbatFormatException?[Batch];
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads == 0 ? Environment.ProcessorCount : threads, CancellationToken = cancel };
        long done = 0;
        bool more = true;
        while (more)
        {
            batch.Clear();
            int used = 0;
            MbatFormatException? broken = null;
            // A batch ends early once it is large, so that long documents do not pile up.
            while (batch.Count < Batch && used < 8 << 20 && (more = TryRead(corpus, out CorpusDocument document, out broken)))
            {
                if (used + document.Json.Length > bytes.Length)
                    Array.Resize(ref bytes, Math.Max(2 * bytes.Length, used + document.Json.Length));
                document.Json.Span.CopyTo(bytes.AsSpan(used));
                batch.Add((document, used, document.Json.Length));
                used += document.Json.Length;
            }
            byte[] texts = bytes;
            Parallel.For(0, batch.Count, options, i =>
            {
                errors[i] = null;
                try
                {
                    encoder.Encode(texts.AsSpan(batch[i].Start, batch[i].Length), vectors.AsSpan(i * d, d));
                    render?.Invoke(i, batch[i].Document.Id, vectors.AsSpan(i * d, d));
                }
                catch (MbatFormatException error)
                {
                    errors[i] = batch[i].Document.Locate(error);
                }
            });
            for (int i = 0; i < batch.Count; i++)
            {
                if (errors[i] is { } error)
                    throw error;
                take(i, batch[i].Document.Id, batch[i].Document.Label, vectors.AsSpan(i * d, d));
            }
            done += batch.Count;
            progress?.Report(done);
            if (broken is not null)
                throw broken;
        }
        return done;
    }

    /// <summary>On the thread that encoded: the i-th of a batch.</summary>
    private delegate void Render(int i, string id, ReadOnlySpan<float> vector);

    /// <summary>In the order of the documents: the i-th of a batch.</summary>
    private delegate void Take(int i, string id, string? label, ReadOnlySpan<float> vector);

    private static bool TryRead(CorpusReader corpus, out CorpusDocument document, out MbatFormatException? error)
    {
        error = null;
        try
        {
            return corpus.Read(out document);
        }
        catch (MbatFormatException broken)
        {
            document = default;
            error = broken;
            return false;
        }
    }
}

/// <summary>Takes one encoded document.</summary>
public delegate void VectorSink(string id, string? label, ReadOnlySpan<float> vector);
