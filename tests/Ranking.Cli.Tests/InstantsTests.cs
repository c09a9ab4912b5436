using CsCheck;
using Ranking.Cli.Parsing;

namespace Ranking.Cli.Tests;

public class InstantsTests
{
    [Theory]
    [InlineData("2022-05-05T00:00:00+08:00", 1651680000000)]
    [InlineData("2022-05-04T16:00Z", 1651680000000)]
    [InlineData("2022-05-04T16:00:00.123Z", 1651680000123)]
    public void Reads_instants_with_an_offset(string text, long milliseconds) => Assert.Equal(milliseconds, Instants.Parse(text)!.Value.ToUnixTimeMilliseconds());

    [Theory]
    [InlineData("2022-05-05")]
    [InlineData("2022-05-05T00:00:00")]
    [InlineData("2022-13-05T00:00:00Z")]
    [InlineData("2022-05-05T25:00:00Z")]
    [InlineData("05/05/2022 00:00:00 +08:00")]
    [InlineData("2022-05-05T00:00:00+99:00")]
    [InlineData(" 2022-05-05T00:00:00Z")]
    [InlineData("")]
    public void Refuses_anything_else(string text) => Assert.Null(Instants.Parse(text));

    [Theory]
    [InlineData("30", 30)]
    [InlineData("1.5", 1.5)]
    [InlineData("250ms", 0.25)]
    [InlineData("5m", 300)]
    [InlineData("2h", 7200)]
    [InlineData("1d", 86400)]
    public void Reads_lengths_of_time(string text, double seconds) => Assert.Equal(seconds, Instants.ParseDuration(text)!.Value.TotalSeconds, 9);

    [Theory]
    [InlineData("-5")]
    [InlineData("5 minutes")]
    [InlineData("1e5")]
    [InlineData("NaN")]
    [InlineData("999999999d")]
    [InlineData("1w")]
    public void Refuses_other_lengths(string text) => Assert.Null(Instants.ParseDuration(text));

    [Fact]
    public void Never_throws() => Gen.String.Sample(text =>
    {
        _ = Instants.Parse(text);
        _ = Instants.ParseDuration(text);
    });
}
