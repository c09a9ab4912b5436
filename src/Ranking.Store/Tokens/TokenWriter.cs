using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Ranking.Store.Tokens;

/// <summary>
/// Writes tokens that the ranker computed on a miss back to Redis, behind the request: <see cref="TryWrite"/> only queues. What cannot
/// be written is dropped, since a missing token costs time and nothing else.
/// </summary>
public sealed class TokenWriter : IAsyncDisposable
{
    readonly StoreConnection _store;
    readonly TokenWriterOptions _options;
    readonly Channel<(string Version, string Item, byte[] Token)> _queue;
    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentDictionary<string, DateTimeOffset> _announced = new(StringComparer.Ordinal);
    readonly Task _loop;
    long _written, _dropped;

    /// <summary>Starts writing.</summary>
    public TokenWriter(StoreConnection store, TokenWriterOptions? options = null)
    {
        _store = store;
        _options = options ?? new TokenWriterOptions();
        _queue = Channel.CreateBounded<(string, string, byte[])>(
            new BoundedChannelOptions(_options.QueueLimit) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        _loop = Task.Run(WriteAsync);
    }

    /// <summary>Tokens that Redis has taken.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Tokens that were not written because the queue was full or Redis did not take them.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Queues a token; never waits.</summary>
    /// <param name="version">Model version that computed it.</param>
    /// <param name="item">The item's id.</param>
    /// <param name="token">Bytes of <see cref="CachedToken.Write"/>; not to be changed afterwards.</param>
    /// <returns>False if the queue is full or closed.</returns>
    public bool TryWrite(string version, string item, byte[] token)
    {
        if (_queue.Writer.TryWrite((version, item, token))) return true;
        Interlocked.Increment(ref _dropped);
        return false;
    }

    async Task WriteAsync()
    {
        List<Task> batch = new(_options.Batch + 1);
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < _options.Batch && _queue.Reader.TryRead(out (string Version, string Item, byte[] Token) next))
            {
                if (_stop.IsCancellationRequested)
                {
                    Interlocked.Increment(ref _dropped);
                    continue;
                }
                if (Due(next.Version)) batch.Add(AnnounceAsync(next.Version));
                batch.Add(WriteOneAsync(next.Version, next.Item, next.Token));
            }
            await Task.WhenAll(batch);
        }
    }

    async Task WriteOneAsync(string version, string item, byte[] token)
    {
        try
        {
            await _store.Database.StringSetAsync(_store.Keys.Token(version, item), token, _options.TimeToLive);
            Interlocked.Increment(ref _written);
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    // Whoever deletes an item deletes its tokens of every version in this set; again each minute, for a server that came back empty.
    bool Due(string version)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (_announced.TryGetValue(version, out DateTimeOffset last) && now - last < TimeSpan.FromMinutes(1)) return false;
        if (_announced.Count > 256) _announced.Clear();
        _announced[version] = now;
        return true;
    }

    async Task AnnounceAsync(string version)
    {
        try
        {
            long until = (DateTimeOffset.UtcNow + _options.TimeToLive + TimeSpan.FromMinutes(2)).ToUnixTimeSeconds();
            await _store.Database.SortedSetAddAsync(_store.Keys.Versions, version, until);
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            _announced.TryRemove(version, out _);
        }
    }

    /// <summary>Writes what is queued, for at most two seconds, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete()) return;
        _stop.CancelAfter(TimeSpan.FromSeconds(2));
        await _loop;
        _stop.Dispose();
    }
}
