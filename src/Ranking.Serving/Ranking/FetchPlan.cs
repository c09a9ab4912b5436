namespace Ranking.Serving.Ranking;

/// <summary>An entity whose row is wanted.</summary>
/// <param name="Kind">user, item, or the context field that names it.</param>
/// <param name="Id">Its id.</param>
internal readonly record struct RowKey(string Kind, string Id);

/// <summary>Everything that one request reads, in one trip: each row once, whoever needs it.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Places">For each candidate, owner after owner as the plan orders them: index into <paramref name="Rows"/>, or -1.</param>
/// <param name="Owners">Owners of a candidate.</param>
/// <param name="Tokens">Items whose cached tokens are wanted, the candidates in order; empty where tokens are not used.</param>
internal sealed record FetchPlan(List<RowKey> Rows, int[] Places, int Owners, IReadOnlyList<string> Tokens)
{
    /// <summary>Index of the row of one owner of one candidate, or -1.</summary>
    public int RowOf(int candidate, int owner) => Places[candidate * Owners + owner];
}

/// <summary>What came back.</summary>
/// <param name="Rows">For each row its bytes; empty where there is none.</param>
/// <param name="Tokens">For each token its bytes, or null; null where none were asked for or nothing came back.</param>
/// <param name="Reason">Why something is missing although Redis may hold it; null if it answered.</param>
/// <param name="Trouble">The same for the log.</param>
internal sealed record FetchedRows(ReadOnlyMemory<byte>[] Rows, byte[]?[]? Tokens, string? Reason = null, string? Trouble = null) : IDisposable
{
    /// <summary>Where the rows' bytes lie.</summary>
    public IDisposable? Holder { get; init; }

    /// <summary>What a request without Redis is ranked from.</summary>
    public static FetchedRows Nothing(FetchPlan plan) => new(new ReadOnlyMemory<byte>[plan.Rows.Count], null);

    /// <summary>Gives the rows' memory back; nothing of them is read after it.</summary>
    public void Dispose() => Holder?.Dispose();
}

/// <summary>Reads rows and tokens.</summary>
internal interface IRowFetcher
{
    /// <summary>Reads everything of a plan in one pipelined trip a shard.</summary>
    /// <param name="plan">What to read.</param>
    /// <param name="model">NAME@V, part of the tokens' keys.</param>
    Task<FetchedRows> FetchAsync(FetchPlan plan, string model);

    /// <summary>Queues tokens that were missing for writing back; never waits.</summary>
    void WriteTokens(string model, IReadOnlyList<(string Item, byte[] Value)> computed);
}
