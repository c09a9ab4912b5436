using System.Globalization;
using System.Text;
using Ranking.Store.Embedded;

namespace Ranking.Store.Tests;

public class SinkFaultTests
{
    static void Fill(MemoryLog log, int seed, int changes)
    {
        Random random = new(seed);
        for (int i = 0; i < changes; i++)
            log.Append("item", random.Next(200).ToString(CultureInfo.InvariantCulture), random.Next(6) == 0 ? null : Encoding.UTF8.GetBytes($"{seed}.{i}"));
    }

    [Fact]
    public async Task A_server_that_died_and_came_back_empty_is_whole_within_ten_seconds()
    {
        EmbeddedRedis server = EmbeddedRedis.Start();
        await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = server.Address, Namespace = "t" });
        MemoryLog log = new(4);
        Fill(log, 1, 1_000);
        await using SinkRun run = new(store, log.Read());
        await SinkRun.UntilWholeAsync(store, log);
        server.Dispose();
        Fill(log, 2, 500);
        await Task.Delay(700);
        using EmbeddedRedis again = EmbeddedRedis.Start(new() { Port = server.Port });
        await SinkRun.UntilWholeAsync(store, log, seconds: 10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Answers_that_never_come_and_lines_that_break_amid_batches_lose_nothing(int seed)
    {
        using EmbeddedRedis server = EmbeddedRedis.Start();
        using CountingProxy proxy = new(server.Address);
        await using StoreConnection direct = await StoreConnection.ConnectAsync(new() { Address = server.Address, Namespace = "t" });
        await using StoreConnection store = await StoreConnection.ConnectAsync(
            new() { Address = proxy.Address, Namespace = "t", CommandTimeout = TimeSpan.FromMilliseconds(300) });
        MemoryLog log = new(2);
        await using SinkRun run = new(store, log.Read());
        Random random = new(seed);
        for (int i = 0; i < 6; i++)
        {
            Fill(log, seed * 100 + i, 300);
            await Task.Delay(random.Next(30));
            proxy.HoldAnswers = true; // commands arrive, answers do not
            Fill(log, seed * 100 + i + 50, 100);
            await Task.Delay(random.Next(100));
            if (random.Next(2) == 0) proxy.Cut();
            proxy.HoldAnswers = false;
        }
        await SinkRun.UntilWholeAsync(direct, log);
    }

    [Fact]
    public async Task A_time_out_in_the_middle_of_a_batch_is_asked_after()
    {
        using EmbeddedRedis server = EmbeddedRedis.Start();
        using CountingProxy proxy = new(server.Address);
        await using StoreConnection direct = await StoreConnection.ConnectAsync(new() { Address = server.Address, Namespace = "t" });
        await using StoreConnection store = await StoreConnection.ConnectAsync(
            new() { Address = proxy.Address, Namespace = "t", CommandTimeout = TimeSpan.FromMilliseconds(200) });
        MemoryLog log = new(1);
        await using SinkRun run = new(store, log.Read());
        Fill(log, 1, 200);
        await SinkRun.UntilWholeAsync(direct, log);
        proxy.HoldAnswers = true;
        Fill(log, 2, 200);
        await Task.Delay(2_500); // StackExchange.Redis notices time-outs once a second
        proxy.HoldAnswers = false;
        await SinkRun.UntilWholeAsync(direct, log);
        Assert.Equal(0, run.Sink.Conflicts); // what it finds is its own write, not a stranger's
    }
}
