using Ranking.Features.Errors;
using StackExchange.Redis;

namespace Ranking.Store.Rows;

/// <summary>What one fetch brought: rows first, then tokens, in the order asked for.</summary>
public sealed class FetchedRows
{
    readonly RedisValue[] _values;
    readonly int _rows;

    internal FetchedRows(RedisValue[] values, int rows, RankingException? failure) => (_values, _rows, Failure) = (values, rows, failure);

    /// <summary>Why some or all are missing although the store may hold them; null when every shard answered.</summary>
    public RankingException? Failure { get; }

    /// <summary>Number of rows asked for.</summary>
    public int RowCount => _rows;

    /// <summary>Number of tokens asked for.</summary>
    public int TokenCount => _values.Length - _rows;

    /// <summary>Bytes of the row at <paramref name="index"/> as they came from the socket, uncopied. False where there is none.</summary>
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

    bool TryGet(int at, out ReadOnlyMemory<byte> bytes)
    {
        RedisValue value = _values[at];
        bytes = value;
        return !value.IsNull;
    }
}
