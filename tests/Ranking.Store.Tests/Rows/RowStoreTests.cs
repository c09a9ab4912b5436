using System.Globalization;
using System.Text;
using Ranking.Features.Errors;
using Ranking.Store.Embedded;
using Ranking.Store.Rows;
using Ranking.Store.Tokens;

namespace Ranking.Store.Tests;

public class RowStoreTests
{
    static readonly RowStoreOptions Patient = new() { Timeout = TimeSpan.FromSeconds(20) };

    static string Id(int i) => i.ToString(CultureInfo.InvariantCulture);

    [Theory]
    [MemberData(nameof(TestServer.All), MemberType = typeof(TestServer))]
    public async Task Brings_every_row_and_token_to_its_place(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        StoreConnection store = server.Store;
        byte[] Row(int i) => Encoding.UTF8.GetBytes(i % 5 == 0 ? Id(i) : $"row \0 {i}"); // some look like integers, which clients like to convert
        for (int i = 0; i < 300; i += 2) await store.Database.StringSetAsync(store.Keys.Row("item", Id(i)), Row(i));
        for (int i = 0; i < 300; i += 3) await store.Database.StringSetAsync(store.Keys.Token("v7", Id(i)), CachedToken.Write((ulong)i, [i, 1], [-i]));

        FetchedRows got = await new RowStore(store, Patient).FetchAsync(
            [.. Enumerable.Range(0, 300).Select(i => new EntityKey("item", Id(i)))], "v7", [.. Enumerable.Range(0, 300).Select(Id)]);

        Assert.Null(got.Failure);
        float[] token = new float[2], share = new float[1];
        for (int i = 0; i < 300; i++)
        {
            Assert.Equal(i % 2 == 0, got.TryGetRow(i, out ReadOnlyMemory<byte> row));
            if (i % 2 == 0) Assert.Equal(Row(i), row.ToArray());
            Assert.Equal(i % 3 == 0, got.TryGetToken(i, out ReadOnlyMemory<byte> bytes));
            if (i % 3 != 0) continue;
            Assert.True(CachedToken.TryRead(bytes.Span, (ulong)i, token, share));
            Assert.Equal((i, 1, -i), (token[0], token[1], share[0]));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(5_000)]
    public async Task Whatever_their_number_rows_and_tokens_come_in_one_command_and_one_trip(int candidates)
    {
        using EmbeddedRedis server = EmbeddedRedis.Start(new() { CountCommands = true });
        using CountingProxy proxy = new(server.Address);
        await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = proxy.Address, Namespace = "t" });
        RowStore rows = new(store, Patient);
        string[] ids = [.. Enumerable.Range(0, candidates).Select(Id)];
        EntityKey[] keys = [new("user", "u"), .. ids.Select(i => new EntityKey("item", i))];
        await store.Database.PingAsync();
        async Task<long> MgetsAsync() => long.Parse((await store.Multiplexer.GetServers()[0].InfoAsync("commandstats"))
            .SelectMany(g => g).Single(p => p.Key == "cmdstat_mget").Value.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture);
        await rows.FetchAsync(keys, "v1", ids);
        long mgets = await MgetsAsync();
        int trips = proxy.Trips;
        await rows.FetchAsync(keys, "v1", ids);
        Assert.Equal(trips + 1, proxy.Trips);
        Assert.Equal(mgets + 1, await MgetsAsync());
    }

    [Fact]
    public async Task A_server_that_is_away_leaves_gaps_and_a_reason_and_is_used_again_when_it_is_back()
    {
        EmbeddedRedis server = EmbeddedRedis.Start();
        await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = server.Address, Namespace = "t" });
        RowStore rows = new(store, new() { Timeout = TimeSpan.FromMilliseconds(500), BreakFor = TimeSpan.FromMilliseconds(500) });
        server.Dispose();
        for (int i = 0; i < 20; i++)
        {
            FetchedRows got = await rows.FetchAsync([new("item", "1")], "v1", ["1"]);
            Assert.Equal(ErrorCodes.RedisUnreachable, got.Failure!.Error);
            Assert.DoesNotContain('\n', got.Failure.Message);
            Assert.False(got.TryGetRow(0, out _));
            Assert.False(got.TryGetToken(0, out _));
        }
        using EmbeddedRedis again = EmbeddedRedis.Start(new() { Port = server.Port });
        await Waiting.UntilAsync(async () => (await rows.FetchAsync([new("item", "1")])).Failure is null, "fetches to work again", 10);
    }

    [Fact]
    public async Task A_server_that_hangs_soon_costs_nothing()
    {
        using EmbeddedRedis server = EmbeddedRedis.Start();
        using CountingProxy proxy = new(server.Address);
        await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = proxy.Address, Namespace = "t" });
        RowStore rows = new(store, new() { Timeout = TimeSpan.FromMilliseconds(20), BreakAfter = 4, BreakFor = TimeSpan.FromSeconds(30) });
        proxy.HoldAnswers = true;
        FetchedRows got = await rows.FetchAsync([new("item", "1")]);
        Assert.Contains("within 20 ms", got.Failure!.Message, StringComparison.Ordinal);
        for (int i = 0; i < 6; i++) got = await rows.FetchAsync([new("item", "1")]);
        Assert.Contains("was not asked", got.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_of_another_type_is_a_gap()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        await server.Store.Database.ListLeftPushAsync(server.Store.Keys.Row("item", "1"), "x");
        FetchedRows got = await new RowStore(server.Store, Patient).FetchAsync([new("item", "1")]);
        Assert.False(got.TryGetRow(0, out _));
    }
}
