namespace Ranking.Mbat;

/// <summary>Learns <see cref="LeafWeights"/> from a corpus in one pass, in 12 bytes for each of the table's places.</summary>
public sealed class LeafWeightLearner
{
    private readonly DocumentEncoder _reader;
    private readonly int[] _documents;
    private readonly long[] _lastSeen;
    private long _count;

    /// <param name="settings">Those of the encoder to be; their own leaf weights are ignored.</param>
    /// <param name="tableBits">k of a table of 2^k weights, 8 to 28. Leaves that share a place count as one: take some four places for each distinct leaf.</param>
    public LeafWeightLearner(MbatSettings settings, int tableBits = 18)
    {
        settings.Validate();
        MbatSettings.Check(tableBits is >= 8 and <= 28, "table_bits", tableBits, "8 to 28");
        _documents = new int[1 << tableBits];
        _lastSeen = new long[1 << tableBits];
        _reader = new DocumentEncoder(new EncoderContext(settings with { LeafWeights = null }), Observe);
    }

    /// <summary>Counts one document.</summary>
    /// <exception cref="MbatFormatException">It is no JSON or breaks a limit.</exception>
    public void Observe(ReadOnlySpan<byte> utf8Json)
    {
        _count++;
        _reader.Read(utf8Json);
    }

    /// <summary>The weights as of the documents so far.</summary>
    public LeafWeights Learn()
    {
        byte[] table = new byte[_documents.Length];
        for (int place = 0; place < table.Length; place++)
        {
            double weight = Math.Log((_count + 1.0) / (_documents[place] + 1.0)) + 1;
            table[place] = (byte)Math.Clamp(Math.Round(weight / LeafWeights.Step), 1, 255);
        }
        return new LeafWeights(table);
    }

    private void Observe(ulong feature)
    {
        int place = (int)(feature & (ulong)(_documents.Length - 1));
        if (_lastSeen[place] == _count)
            return;
        _lastSeen[place] = _count;
        _documents[place]++;
    }
}
