using System.Net;
using System.Net.Sockets;
using Ranking.Features.Errors;
using Ranking.Store.Embedded;

namespace Ranking.Store.Tests;

public class StoreConnectionTests
{
    [Fact]
    public async Task A_server_that_is_not_there_is_one_line_with_what_was_tried()
    {
        RankingException e = await Assert.ThrowsAsync<RankingException>(() => StoreConnection.ConnectAsync(
            new() { Address = "127.0.0.1:1", Namespace = "t", ConnectTimeout = TimeSpan.FromMilliseconds(300) }));
        Assert.Equal(ErrorCodes.RedisUnreachable, e.Error);
        Assert.StartsWith("no Redis server at 127.0.0.1:1: tried 2 connections of up to 0.3 s", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public async Task Secrets_in_the_address_are_not_shown()
    {
        RankingException e = await Assert.ThrowsAsync<RankingException>(() => StoreConnection.ConnectAsync(
            new() { Address = "127.0.0.1:1,password=hunter2", Namespace = "t", ConnectTimeout = TimeSpan.FromMilliseconds(200) }));
        Assert.DoesNotContain("hunter2", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a:b")]
    [InlineData("a{b")]
    [InlineData("ümlaut")]
    [InlineData("a b")]
    public async Task A_namespace_that_would_break_hash_tags_is_refused(string name)
    {
        using EmbeddedRedis server = EmbeddedRedis.Start();
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => StoreConnection.ConnectAsync(
            new() { Address = server.Address, Namespace = name }));
        Assert.Contains($"namespace \"{name}\"", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Starts_without_a_server_and_finds_it_when_it_comes()
    {
        using TcpListener reserved = new(IPAddress.Loopback, 0);
        reserved.Start();
        int port = ((IPEndPoint)reserved.LocalEndpoint).Port;
        reserved.Stop();
        await using StoreConnection store = await StoreConnection.ConnectAsync(new()
        {
            Address = $"127.0.0.1:{port}",
            Namespace = "t",
            RequireConnected = false,
            ConnectTimeout = TimeSpan.FromMilliseconds(300),
        });
        Assert.False(store.IsConnected);
        using EmbeddedRedis server = EmbeddedRedis.Start(new() { Port = port });
        await Waiting.UntilAsync(() => store.IsConnected, "the connection");
        Assert.Equal("garnet", (await store.AbilitiesAsync()).Server);
    }
}
