using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Garnet;
using Garnet.server;
using Microsoft.Extensions.Logging;
using Ranking.Features.Errors;

namespace Ranking.Store.Embedded;

/// <summary>
/// Microsoft.Garnet inside this process: the Redis of demos and tests, with vector sets and Lua, reached over TCP on the loopback
/// address like any other server. Its data lies in memory only and is gone when it is disposed.
/// </summary>
/// <remarks>
/// Memory is bounded by <see cref="EmbeddedRedisOptions.MemoryBytes"/>; beyond it Garnet, which has no disk here, drops its oldest
/// records. A deployment uses a server of its own, with <c>maxmemory-policy noeviction</c>.
/// </remarks>
public sealed class EmbeddedRedis : IDisposable
{
    const int PortTries = 16;

    readonly GarnetServer _server;
    int _disposed;

    EmbeddedRedis(GarnetServer server, int port) => (_server, Port) = (server, port);

    /// <summary>The TCP port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Address for <c>--redis</c> and <see cref="StoreOptions.Address"/>.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Starts a server; it accepts connections when this returns.</summary>
    /// <exception cref="RankingException">RNK0005: the port is taken.</exception>
    public static EmbeddedRedis Start(EmbeddedRedisOptions? options = null)
    {
        options ??= new EmbeddedRedisOptions();
        if (options.Port is < 0 or > 65535)
            throw new ArgumentOutOfRangeException(nameof(options), options.Port, "port: expected 0 (any free one) to 65535");
        if (options.MemoryBytes < EmbeddedRedisOptions.LeastMemoryBytes)
            throw new ArgumentOutOfRangeException(nameof(options), options.MemoryBytes,
                $"memory: expected at least {EmbeddedRedisOptions.LeastMemoryBytes} bytes");
        if (options.Port != 0) return StartOn(options.Port, options);

        // Garnet does not tell which port it got for 0, so a free one is asked of the kernel; another process may take it in between.
        for (int tries = 1; ; tries++)
        {
            try
            {
                return StartOn(FreePort(), options);
            }
            catch (RankingException e) when (e.Error == ErrorCodes.PortTaken && tries < PortTries)
            {
            }
        }
    }

    static EmbeddedRedis StartOn(int port, EmbeddedRedisOptions options)
    {
        GarnetServer? server = null;
        try
        {
            server = new GarnetServer(Settings(port, options), options.LoggerFactory);
            server.Start();
            return new EmbeddedRedis(server, port);
        }
        catch (Exception e) when (e.GetBaseException() is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AccessDenied })
        {
            server?.Dispose();
            throw new RankingException(ErrorCodes.PortTaken,
                string.Create(CultureInfo.InvariantCulture, $"embedded Redis: port {port} on 127.0.0.1 cannot be used ({e.GetBaseException().Message})"), e);
        }
    }

    static GarnetServerOptions Settings(int port, EmbeddedRedisOptions options) => new()
    {
        EndPoints = [new IPEndPoint(IPAddress.Loopback, port)],
        QuietMode = true,
        LogLevel = LogLevel.None,
        EnableVectorSetPreview = true,
        EnableLua = true,
        // Without it a script is not isolated from other clients, and the sink's "if the offset is mine, write" would be no condition.
        LuaTransactionMode = true,
        LuaOptions = new LuaOptions(LuaMemoryManagementMode.Native, "", Timeout.InfiniteTimeSpan, LuaLoggingMode.Silent, []),
        EnableStorageTier = false,
        EnableAOF = false,
        LogMemorySize = options.MemoryBytes.ToString(CultureInfo.InvariantCulture),
        PageSize = "4m",
        IndexMemorySize = "16m",
        IndexMaxMemorySize = "256m",
        CommandStatsMonitor = options.CountCommands,
        // Keys with a time to live are few here (tokens); once a minute is enough to give their memory back.
        ExpiredKeyDeletionScanFrequencySecs = 60,
    };

    static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Closes all connections and frees the memory. May be called twice.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) _server.Dispose();
    }
}
