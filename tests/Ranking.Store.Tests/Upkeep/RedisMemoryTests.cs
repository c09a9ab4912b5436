using Ranking.Store.Upkeep;
using StackExchange.Redis;

namespace Ranking.Store.Tests;

/// <summary>Alone on the server while it runs, since it reads what the whole server uses.</summary>
[CollectionDefinition(nameof(RedisMemoryTests), DisableParallelization = true)]
[Collection(nameof(RedisMemoryTests))]
public class RedisMemoryTests
{
    [Theory]
    [InlineData(60, 60, false)]
    [InlineData(100, 400, false)]
    [InlineData(400, 900, false)]
    [InlineData(520, 520, true)]
    [InlineData(10, 3_000, true)]
    public async Task Formula_and_server_agree_within_a_tenth(int least, int most, bool expires)
    {
        const int keys = 8_000;
        await using TestServer server = await TestServer.StartAsync("redis7");
        var random = new Random(least);
        long before = await UsedAsync(server), expected = RedisMemory.OfTable(keys) + (expires ? RedisMemory.OfTable(keys) : 0);
        foreach (int[] batch in Enumerable.Range(0, keys).Chunk(1_000))
        {
            await Task.WhenAll(batch.Select(i =>
            {
                RedisKey key = server.Store.Keys.Row("item", $"{i * 7919}");
                byte[] value = new byte[random.Next(least, most + 1)];
                expected += RedisMemory.OfKey(((byte[])key!).Length, value.Length, expires);
                return server.Store.Database.StringSetAsync(key, value, expires ? TimeSpan.FromHours(1) : Expiration.Default);
            }));
        }
        Assert.InRange((await UsedAsync(server) - before) / (double)expected, 0.9, 1.1);
    }

    static async Task<long> UsedAsync(TestServer server)
    {
        // What was deleted a moment ago may still be freed beside.
        for (long last = 0; ; await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            long now = (await server.Store.UsedMemoryAsync())!.Value;
            if (Math.Abs(now - last) < 50_000) return now;
            last = now;
        }
    }
}
