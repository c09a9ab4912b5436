using CsCheck;

namespace Ranking.Mbat.Tests;

public class StableHashTests
{
    [Fact]
    public void Every_byte_and_the_length_count()
    {
        foreach (int length in Enumerable.Range(0, 150).Append(1000))
        {
            byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];
            ulong hash = StableHash.Of(bytes, 1);
            HashSet<ulong> seen = [hash, StableHash.Of(bytes, 2), StableHash.Of([.. bytes, 0], 1)];
            for (int i = 0; i < length; i++)
            {
                bytes[i] ^= 1;
                Assert.True(seen.Add(StableHash.Of(bytes, 1)), $"byte {i} of {length}");
                bytes[i] ^= 1;
            }
        }
    }

    [Fact]
    public void Bits_of_a_stream_are_even_and_independent()
    {
        // 4,096 vectors of 1,024 bits: each coordinate is 1 in about half, each pair of vectors agrees in about half.
        ulong[][] vectors = [.. Enumerable.Range(0, 4096).Select(i =>
        {
            ulong[] bits = new ulong[16];
            Bits.Draw(StableHash.Of(BitConverter.GetBytes(i), 9), bits);
            return bits;
        })];
        for (int c = 0; c < 1024; c++)
            Assert.InRange(vectors.Count(v => (v[c / 64] >> (c % 64) & 1) == 1), 2048 - 6 * 32, 2048 + 6 * 32);
        for (int i = 1; i < vectors.Length; i++)
            Assert.InRange(vectors[i].Zip(vectors[i - 1], (a, b) => System.Numerics.BitOperations.PopCount(a ^ b)).Sum(), 512 - 6 * 16, 512 + 6 * 16);
        Gen.ULong.Sample(hash =>
        {
            ulong[] bits = new ulong[11];
            Bits.Draw(hash, bits);
            return bits.Select((b, i) => b == StableHash.Stream(hash, i)).All(equal => equal);
        });
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(1e-7)]
    [InlineData(0.3)]
    [InlineData(0.5)]
    [InlineData(0.99999)]
    public void Our_logarithm_is_the_logarithm(double x) => Assert.Equal(Math.Log(x), HaarMatrix.Logarithm(x), Math.Abs(Math.Log(x)) * 1e-14 + 1e-16);
}
