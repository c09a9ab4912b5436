using CsCheck;
using Ranking.Store.Rows;
using Ranking.Store.Tokens;

namespace Ranking.Store.Tests;

public class TokenTests
{
    [Fact]
    public void A_token_is_read_only_for_the_inputs_and_shape_it_was_made_for() =>
        Gen.Select(Gen.ULong, Gen.Float[-9, 9].Array[1, 64], Gen.Float[-9, 9].Array[0, 64]).Sample((hash, token, share) =>
        {
            byte[] bytes = CachedToken.Write(hash, token, share);
            float[] readToken = new float[token.Length], readShare = new float[share.Length];
            Assert.True(CachedToken.TryRead(bytes, hash, readToken, readShare));
            Assert.Equal(token, readToken);
            Assert.Equal(share, readShare);
            Assert.False(CachedToken.TryRead(bytes, hash ^ 1, readToken, readShare));
            Assert.False(CachedToken.TryRead(bytes.AsSpan(..^1), hash, readToken, readShare));
            Assert.False(CachedToken.TryRead(bytes, hash, new float[token.Length + 1], readShare));
            BitConverter.GetBytes(float.NaN).CopyTo(bytes, 8);
            Assert.False(CachedToken.TryRead(bytes, hash, readToken, readShare));
        });

    [Fact]
    public void Inputs_that_differ_in_one_byte_have_another_hash() =>
        Gen.Select(Gen.Byte.Array[1, 100], Gen.Int[0, 99]).Sample((inputs, at) =>
        {
            ulong before = CachedToken.HashInputs(inputs);
            inputs[at % inputs.Length] ^= 1;
            Assert.NotEqual(before, CachedToken.HashInputs(inputs));
        });

    [Fact]
    public async Task Written_tokens_come_back_with_a_time_to_live_and_their_version_is_known()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        StoreConnection store = server.Store;
        await using (TokenWriter writer = new(store, new() { TimeToLive = TimeSpan.FromHours(2) }))
            for (int i = 0; i < 2_000; i++) Assert.True(writer.TryWrite("v1", $"i{i}", CachedToken.Write((ulong)i, [i], [2])));
        FetchedRows got = await new RowStore(store, new() { Timeout = TimeSpan.FromSeconds(20) })
            .FetchAsync([], "v1", [.. Enumerable.Range(0, 2_000).Select(i => $"i{i}")]);
        float[] token = new float[1], share = new float[1];
        for (int i = 0; i < 2_000; i++)
        {
            Assert.True(got.TryGetToken(i, out ReadOnlyMemory<byte> bytes) && CachedToken.TryRead(bytes.Span, (ulong)i, token, share));
            Assert.Equal(i, token[0]);
        }
        TimeSpan? left = await store.Database.KeyTimeToLiveAsync(store.Keys.Token("v1", "i7"));
        Assert.InRange(left!.Value, TimeSpan.FromHours(1.9), TimeSpan.FromHours(2));
        Assert.Equal(["v1"], (await store.Database.SortedSetRangeByScoreAsync(store.Keys.Versions)).Select(v => (string?)v));
    }

    [Fact]
    public async Task A_full_queue_and_a_lost_server_drop_tokens_and_count_them()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        byte[] token = CachedToken.Write(1, [1], []);
        TokenWriter writer = new(server.Store, new() { QueueLimit = 10 });
        await server.Store.Multiplexer.CloseAsync();
        int refused = 0;
        for (int i = 0; i < 10_000; i++)
            if (!writer.TryWrite("v1", "a", token)) refused++;
        await writer.DisposeAsync();
        Assert.True(refused > 0);
        Assert.Equal(10_000, writer.Dropped);
        Assert.Equal(0, writer.Written);
        Assert.False(writer.TryWrite("v1", "a", token));
    }
}
