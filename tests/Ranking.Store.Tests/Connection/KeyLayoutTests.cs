using CsCheck;
using Ranking.Features.Partitioning;

namespace Ranking.Store.Tests;

public class KeyLayoutTests
{
    static readonly KeyLayout Keys = new("kuai.rand-1");

    [Fact]
    public void Rows_tokens_and_offset_of_an_id_share_one_hash_tag_that_fits_its_partition() =>
        Gen.String[1, 40].Where(Ids.IsValid).Sample(id =>
        {
            int tag = KeyLayout.TagOf(id);
            string[] keys = [Keys.Row("item", id)!, Keys.Token("v1", id)!, Keys.Offset(tag)!];
            // The Redis Cluster specification: what lies between the first { and the first } after it.
            Assert.All(keys, k => Assert.Equal($"{tag}", k[(k.IndexOf('{') + 1)..k.IndexOf('}')]));
            foreach (int partitions in new[] { 1, 2, 4, 8, 16, 32, 64 })
                Assert.Equal(Murmur2.Partition(id, partitions), tag % partitions);
        });

    [Fact]
    public void Keys_read_back_whatever_the_id_holds() =>
        Gen.Select(Gen.String[1, 30].Where(Ids.IsValid), Gen.OneOf(Gen.Const("item"), Gen.Const("user"), Gen.Const("a.b-c_d"))).Sample((id, kind) =>
        {
            Assert.True(Keys.TryParseRow(Keys.Row(kind, id)!, out int tag, out string readKind, out string readId));
            Assert.Equal((KeyLayout.TagOf(id), kind, id), (tag, readKind, readId));
            Assert.True(Keys.TryParseToken(Keys.Token(kind, id)!, out tag, out string version, out readId));
            Assert.Equal((KeyLayout.TagOf(id), kind, id), (tag, version, readId));
            Assert.False(Keys.TryParseRow(Keys.Token(kind, id)!, out _, out _, out _));
        });

    [Theory]
    [InlineData("kuai.rand-1:{3}:offset")]
    [InlineData("kuai.rand-1:{64}:item:a")]
    [InlineData("kuai.rand-1:{-1}:item:a")]
    [InlineData("kuai.rand-1:{3}:item:")]
    [InlineData("kuai.rand-1:{vectors:item}")]
    [InlineData("kuai.rand-1:versions")]
    [InlineData("other:{3}:item:a")]
    [InlineData("kuai.rand-10:{3}:item:a")]
    public void Foreign_keys_are_no_rows(string key) => Assert.False(Keys.TryParseRow(key, out _, out _, out _));

    [Theory]
    [InlineData("token")]
    [InlineData("offset")]
    [InlineData("a:b")]
    [InlineData("")]
    public void Entity_kinds_that_collide_with_our_own_keys_are_refused(string kind) =>
        Assert.Throws<ArgumentException>(() => Keys.Row(kind, "1"));
}
