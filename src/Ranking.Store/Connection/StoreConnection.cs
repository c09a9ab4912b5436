using System.Globalization;
using Ranking.Features.Errors;
using StackExchange.Redis;

namespace Ranking.Store;

/// <summary>
/// One connection to a Redis server or cluster, shared by everything in the process: StackExchange.Redis pipelines what concurrent
/// callers send. It reconnects by itself; commands sent while it is away fail at once instead of queueing.
/// </summary>
public sealed class StoreConnection : IAsyncDisposable
{
    readonly ConnectionMultiplexer _multiplexer;
    readonly string _shownAddress;
    StoreAbilities? _abilities;
    volatile bool _isCluster;

    StoreConnection(ConnectionMultiplexer multiplexer, StoreOptions options, string shownAddress)
    {
        _multiplexer = multiplexer;
        _shownAddress = shownAddress;
        Options = options;
        Keys = new KeyLayout(options.Namespace);
        Database = multiplexer.GetDatabase();
        multiplexer.ConnectionRestored += (_, _) => Refresh();
        multiplexer.ConfigurationChanged += (_, _) => Refresh();
        Refresh();
    }

    /// <summary>What this connection was made with.</summary>
    public StoreOptions Options { get; }

    /// <summary>Names of all keys.</summary>
    public KeyLayout Keys { get; }

    /// <summary>StackExchange.Redis's view of the server.</summary>
    public IDatabase Database { get; }

    /// <summary>The connection itself, for metrics and events.</summary>
    public IConnectionMultiplexer Multiplexer => _multiplexer;

    /// <summary>Whether a server answers at present.</summary>
    public bool IsConnected => _multiplexer.IsConnected;

    /// <summary>Whether the keys are spread over a cluster, as known from the last handshake.</summary>
    public bool IsCluster => _isCluster;

    /// <summary>Connects.</summary>
    /// <exception cref="RankingException">RNK3001: nobody answered in time; RNK3002: the server refused the credentials.</exception>
    /// <exception cref="ArgumentException">The address or namespace has another form than <see cref="StoreOptions"/> says.</exception>
    public static async Task<StoreConnection> ConnectAsync(StoreOptions options)
    {
        ConfigurationOptions settings = Settings(options, out string shown);
        try
        {
            ConnectionMultiplexer multiplexer = await ConnectionMultiplexer.ConnectAsync(settings);
            return new StoreConnection(multiplexer, options, shown);
        }
        catch (RedisConnectionException e)
        {
            bool refused = e.FailureType == ConnectionFailureType.AuthenticationFailure
                || e.Message.Contains("NOAUTH", StringComparison.Ordinal) || e.Message.Contains("WRONGPASS", StringComparison.Ordinal);
            throw refused
                ? new RankingException(ErrorCodes.RedisRefused, $"Redis at {shown} refuses the credentials: expected a valid user and password", e)
                : new RankingException(ErrorCodes.RedisUnreachable, string.Create(CultureInfo.InvariantCulture,
                    $"no Redis server at {shown}: tried {settings.ConnectRetry} connections of up to {options.ConnectTimeout.TotalSeconds:0.#} s ({Reason(e)})"), e);
        }
    }

    static ConfigurationOptions Settings(StoreOptions options, out string shown)
    {
        ConfigurationOptions settings;
        try
        {
            settings = ConfigurationOptions.Parse(options.Address);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new ArgumentException($"redis \"{options.Address}\": expected host:port or host:port,host:port ({e.Message})", e);
        }
        if (settings.EndPoints.Count == 0) throw new ArgumentException($"redis \"{options.Address}\": expected host:port");
        shown = string.Join(',', settings.EndPoints.Select(e => Format(e)));
        settings.AbortOnConnectFail = options.RequireConnected;
        settings.Protocol = RedisProtocol.Resp2; // Garnet's VSIM knows no other, and the answers are the same
        settings.ConnectTimeout = Milliseconds(options.ConnectTimeout);
        settings.ConnectRetry = 2;
        settings.SyncTimeout = settings.AsyncTimeout = Milliseconds(options.CommandTimeout);
        settings.ReconnectRetryPolicy = new LinearRetry(500);
        settings.BacklogPolicy = BacklogPolicy.FailFast;
        settings.KeepAlive = 10;
        settings.AllowAdmin = true; // INFO and CONFIG GET, which `doctor` asks with, count as such
        settings.ClientName ??= "ranking";
        if (options.User is not null) settings.User = options.User;
        if (options.Password is not null) settings.Password = options.Password;
        return settings;
    }

    static string Format(System.Net.EndPoint endPoint) =>
        endPoint is System.Net.DnsEndPoint dns ? string.Create(CultureInfo.InvariantCulture, $"{dns.Host}:{dns.Port}") : endPoint.ToString() ?? "?";

    static int Milliseconds(TimeSpan time) => (int)Math.Clamp(time.TotalMilliseconds, 1, int.MaxValue);

    // The message of StackExchange.Redis goes over many lines; its innermost cause says it in one.
    static string Reason(Exception e)
    {
        string innermost = e.GetBaseException().Message;
        int end = innermost.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? innermost : innermost[..end];
    }

    void Refresh() => _isCluster = _multiplexer.GetServers().Any(s => s.IsConnected && s.ServerType == ServerType.Cluster);

    /// <summary>What the server can do; asked once and kept.</summary>
    /// <exception cref="RankingException">RNK3001: it does not answer.</exception>
    public async Task<StoreAbilities> AbilitiesAsync() => _abilities ??= await AbilityProbe.AskAsync(this);

    /// <summary>Bytes that the server says it uses; null of one that does not say (Garnet).</summary>
    public Task<long?> UsedMemoryAsync() => AbilityProbe.UsedMemoryAsync(this);

    internal IServer AnyServer() =>
        _multiplexer.GetServers().FirstOrDefault(s => s.IsConnected && !s.IsReplica)
        ?? throw new RankingException(ErrorCodes.RedisUnreachable, $"no Redis server at {_shownAddress}: the connection is down");

    /// <summary>Walks all keys of a pattern on all shards; a key may come twice.</summary>
    public async IAsyncEnumerable<RedisKey> ScanAsync(string pattern)
    {
        foreach (IServer server in Primaries().ToArray())
            await foreach (RedisKey key in server.KeysAsync(pattern: pattern, pageSize: 1000))
                yield return key;
    }

    internal IEnumerable<IServer> Primaries() => _multiplexer.GetServers().Where(s => s.IsConnected && !s.IsReplica);

    /// <summary>The same failure in our words: one line, with the address and the server's words, never a password.</summary>
    public RankingException Explain(Exception e) => e switch
    {
        RankingException ours => ours,
        RedisTimeoutException or TimeoutException =>
            new RankingException(ErrorCodes.RedisUnreachable, $"Redis at {_shownAddress} did not answer in time", e),
        RedisServerException refused => new RankingException(ErrorCodes.RedisRefused, $"Redis at {_shownAddress} refuses: {Reason(refused)}", e),
        _ => new RankingException(ErrorCodes.RedisUnreachable, $"Redis at {_shownAddress} is not reachable: {Reason(e)}", e),
    };

    /// <summary>Whether an exception of StackExchange.Redis is about the server, the network or a closed connection.</summary>
    public static bool IsServerFault(Exception e) => e is RedisException or RedisTimeoutException or TimeoutException or ObjectDisposedException;

    /// <summary>A call that nobody waits for any more may still fail; its exception is looked at so that it is not reported as forgotten.</summary>
    public static void Observe(Task task) => task.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _multiplexer.DisposeAsync();
}
