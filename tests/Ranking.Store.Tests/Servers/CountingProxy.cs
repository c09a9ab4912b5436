using System.Net;
using System.Net.Sockets;

namespace Ranking.Store.Tests;

/// <summary>
/// Stands between client and server and counts round trips: how often the client sends after the server has answered. Commands that are
/// sent before the first of their answers make one trip. It can also hold the answers back or cut the line.
/// </summary>
sealed class CountingProxy : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly IPEndPoint _server;
    readonly List<Socket> _sockets = [];
    volatile bool _holdAnswers;
    volatile bool _refuse;
    int _trips;

    public CountingProxy(string server)
    {
        _server = IPEndPoint.Parse(server);
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Address => _listener.LocalEndpoint.ToString()!;

    public int Trips => Volatile.Read(ref _trips);

    /// <summary>While true, commands reach the server and answers do not reach the client.</summary>
    public bool HoldAnswers { get => _holdAnswers; set => _holdAnswers = value; }

    /// <summary>While true, no new connection gets through.</summary>
    public bool Refuse { get => _refuse; set => _refuse = value; }

    public void Cut()
    {
        lock (_sockets)
        {
            foreach (Socket s in _sockets) s.Dispose();
            _sockets.Clear();
        }
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync();
                Socket server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                client.NoDelay = true;
                if (_refuse)
                {
                    client.Dispose();
                    continue;
                }
                await server.ConnectAsync(_server);
                lock (_sockets) _sockets.AddRange([client, server]);
                StrongBox answered = new() { Value = true };
                _ = PumpAsync(client, server, toServer: true, answered);
                _ = PumpAsync(server, client, toServer: false, answered);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    async Task PumpAsync(Socket from, Socket to, bool toServer, StrongBox answered)
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            while (await from.ReceiveAsync(buffer) is int n and > 0)
            {
                if (toServer && answered.Value) Interlocked.Increment(ref _trips);
                answered.Value = !toServer;
                while (!toServer && _holdAnswers) await Task.Delay(5);
                for (int sent = 0; sent < n;) sent += await to.SendAsync(buffer.AsMemory(sent, n - sent));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
        from.Dispose();
        to.Dispose();
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    sealed class StrongBox
    {
        volatile bool _value;
        public bool Value { get => _value; set => _value = value; }
    }
}
