using System.Net;
using System.Net.Sockets;
using Ranking.Features.Errors;
using Ranking.Store.Embedded;

namespace Ranking.Store.Tests;

public class EmbeddedRedisTests
{
    [Fact]
    public async Task Keeps_data_in_memory_until_disposed_and_starts_empty_on_the_same_port()
    {
        int port;
        using (EmbeddedRedis first = EmbeddedRedis.Start())
        {
            port = first.Port;
            await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = first.Address, Namespace = "t" });
            await store.Database.StringSetAsync("a", "1");
            Assert.Equal("1", await store.Database.StringGetAsync("a"));
        }
        using EmbeddedRedis second = EmbeddedRedis.Start(new() { Port = port });
        Assert.Equal(port, second.Port);
        await using StoreConnection again = await StoreConnection.ConnectAsync(new() { Address = second.Address, Namespace = "t" });
        Assert.True((await again.Database.StringGetAsync("a")).IsNull);
    }

    [Fact]
    public void A_taken_port_is_named()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        RankingException e = Assert.Throws<RankingException>(() => EmbeddedRedis.Start(new() { Port = port }));
        Assert.Equal(ErrorCodes.PortTaken, e.Error);
        Assert.Contains($"port {port} ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Knows_vector_sets_and_scripts()
    {
        using EmbeddedRedis server = EmbeddedRedis.Start();
        await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = server.Address, Namespace = "t" });
        StoreAbilities abilities = await store.AbilitiesAsync();
        Assert.Equal("garnet", abilities.Server);
        Assert.StartsWith("2.", abilities.Version, StringComparison.Ordinal);
        Assert.True(abilities.VectorSets);
        Assert.True(abilities.Scripts);
        Assert.False(abilities.Cluster);
        Assert.True(abilities.KeepsRows);
    }

    [Fact]
    public async Task Prints_nothing()
    {
        TextWriter output = Console.Out;
        StringWriter written = new();
        Console.SetOut(written);
        try
        {
            using EmbeddedRedis server = EmbeddedRedis.Start();
            await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = server.Address, Namespace = "t" });
            await store.AbilitiesAsync();
        }
        finally
        {
            Console.SetOut(output);
        }
        Assert.Equal("", written.ToString());
    }
}
