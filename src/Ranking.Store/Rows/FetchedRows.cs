using System.Buffers;
using Ranking.Features.Errors;
using RESPite.Messages;
using StackExchange.Redis;

namespace Ranking.Store.Rows;

/// <summary>
/// What one fetch brought: rows first, then tokens, in the order asked for. Their bytes lie one after another in a borrowed buffer, which
/// goes back with <see cref="Dispose"/>; what was handed out is not to be read after it.
/// </summary>
public sealed class FetchedRows : IDisposable
{
    readonly (int From, int Length)[] _places; // one more than their lengths; 0: nothing there
    readonly int _rows;
    byte[] _bytes = [];
    int _used;

    internal FetchedRows(int rows, int tokens) => (_rows, _places) = (rows, new (int, int)[rows + tokens]);

    /// <summary>Why some or all are missing although the store may hold them; null when every shard answered.</summary>
    public RankingException? Failure { get; internal set; }

    /// <summary>Number of rows asked for.</summary>
    public int RowCount => _rows;

    /// <summary>Number of tokens asked for.</summary>
    public int TokenCount => _places.Length - _rows;

    /// <summary>Bytes of all values.</summary>
    internal int Bytes => _used;

    /// <summary>Bytes of the row at <paramref name="index"/>. False where there is none.</summary>
    public bool TryGetRow(int index, out ReadOnlyMemory<byte> row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_rows);
        return TryGet(index, out row);
    }

    /// <summary>Bytes of the token at <paramref name="index"/>; <see cref="Tokens.CachedToken"/> reads them. False where there is none.</summary>
    public bool TryGetToken(int index, out ReadOnlyMemory<byte> token)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)TokenCount);
        return TryGet(_rows + index, out token);
    }

    /// <summary>Takes the values of an answer to MGET.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="places">Which values they are; null: all, in order.</param>
    /// <param name="expectedBytes">Bytes that are expected of all answers.</param>
    internal void Take(RespResult answer, int[]? places, int expectedBytes)
    {
        RespReader reader = answer.Read();
        for (int i = 0, n = reader.AggregateLength(); i < n; i++)
        {
            reader.MoveNext();
            if (reader.IsNull) continue;
            int length = reader.ScalarLength();
            if (_used + length > _bytes.Length) Grow(Math.Max(expectedBytes, _used + length));
            reader.CopyTo(_bytes.AsSpan(_used));
            _places[places is null ? i : places[i]] = (_used, length + 1);
            _used += length;
        }
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    void Grow(int least)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(least, _bytes.Length * 2));
        _bytes.AsSpan(0, _used).CopyTo(larger);
        Dispose();
        _bytes = larger;
    }

    bool TryGet(int at, out ReadOnlyMemory<byte> bytes)
    {
        (int from, int length) = _places[at];
        bytes = length == 0 ? default : _bytes.AsMemory(from, length - 1);
        return length > 0;
    }
}
