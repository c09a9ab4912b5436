using System.Globalization;
using System.Net.Sockets;
using Ranking.Store.Tests;

namespace Ranking.Streams.Tests.Chaos;

/// <summary>The server that the sinks write to: emptied, killed and started empty, or stopped for a while.</summary>
sealed class ChaosRedis(OwnRedis server, Random random)
{
    Action? comesBack;
    TimeSpan returnsAt;

    public string Address => server.Address;

    /// <summary>Does something to it, unless it is away; tells what.</summary>
    public string? Strike(TimeSpan now)
    {
        if (comesBack is not null) return null;
        TimeSpan away = TimeSpan.FromSeconds(random.NextDouble() * 6);
        returnsAt = now + away;
        switch (random.Next(3))
        {
            case 0:
                Flush();
                return "Redis is emptied";
            case 1:
                server.Kill();
                comesBack = server.Start;
                return string.Create(CultureInfo.InvariantCulture, $"Redis is killed for {away.TotalSeconds:F1} s, and comes back empty");
            default:
                server.Signal("STOP");
                comesBack = () => server.Signal("CONT");
                return string.Create(CultureInfo.InvariantCulture, $"Redis stands still for {away.TotalSeconds:F1} s");
        }
    }

    /// <summary>Brings it back when its time has come; tells so.</summary>
    public string? Settle(TimeSpan now)
    {
        if (comesBack is null || now < returnsAt) return null;
        comesBack();
        comesBack = null;
        return "Redis is back";
    }

    void Flush()
    {
        using var client = new TcpClient("127.0.0.1", server.Port);
        client.GetStream().Write("FLUSHALL\r\n"u8);
        Assert.Equal('+', client.GetStream().ReadByte());
    }
}
