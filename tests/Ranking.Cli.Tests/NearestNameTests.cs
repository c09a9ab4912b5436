using CsCheck;
using Ranking.Cli.Parsing;

namespace Ranking.Cli.Tests;

public class NearestNameTests
{
    static readonly string[] Names = ["quickstart", "replay", "pipeline", "examples", "train", "evaluate", "--registry", "--kafka-config"];
    static readonly string[] LongNames = [.. Names.Where(n => n.Length >= 5)];

    [Theory]
    [InlineData("trian", "train")]
    [InlineData("evalute", "evaluate")]
    [InlineData("--registery", "--registry")]
    [InlineData("pipe", "pipeline")]
    [InlineData("zzzzzz", null)]
    [InlineData("", null)]
    public void Finds_what_was_meant(string typed, string? meant) => Assert.Equal(meant, NearestName.Of(typed, Names));

    [Fact]
    public void One_swapped_pair_of_a_long_name_is_always_found() =>
        Gen.Select(Gen.Int[0, LongNames.Length - 1], Gen.Int[0, 100]).Sample((which, at) =>
        {
            string name = LongNames[which];
            int i = at % (name.Length - 1);
            char[] typed = name.ToCharArray();
            (typed[i], typed[i + 1]) = (typed[i + 1], typed[i]);
            return NearestName.Of(new(typed), Names) == name;
        });
}
