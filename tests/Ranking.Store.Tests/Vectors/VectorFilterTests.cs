using Ranking.Features.Errors;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

public class VectorFilterTests
{
    [Theory]
    [InlineData("", "filter, character 1: found the end, expected the name of a field")]
    [InlineData("year", "filter, character 5: found the end, expected ==, !=, <, <=, >, >=, in or not in")]
    [InlineData("year = 3", "filter, character 6: found '=', expected ==, !=, <, <=, >, >=, in or not in")]
    [InlineData("year >= \"a\"", "filter, character 9: found '\"', expected a number")]
    [InlineData("year >= 1..2", "filter, character 9: found '1..2', expected a number")]
    [InlineData("lang == en", "filter, character 9: found 'en', expected a text in quotes, a number, true or false")]
    [InlineData("lang == \"en", "filter, character 9: found a text without end, expected \" at its end")]
    [InlineData("lang in \"en\"", "filter, character 9: found '\"', expected a list such as [\"a\", \"b\"]")]
    [InlineData("lang in [\"en\"", "filter, character 14: found the end, expected ',' or ']'")]
    [InlineData("a == 1 or b == 2", "filter, character 8: found 'o', expected 'and' or the end")]
    [InlineData("a == 1 and", "filter, character 11: found the end, expected the name of a field")]
    [InlineData("a > 1e300", "filter, character 5: found '1e300', expected a number of at most 15 digits before the point")]
    public void Mistakes_are_refused_with_their_place(string filter, string message)
    {
        RankingException e = Assert.Throws<RankingException>(() => VectorFilter.Parse(filter));
        Assert.Equal(ErrorCodes.FilterInvalid, e.Error);
        Assert.Equal(message, e.Message);
    }

    [Fact]
    public void Filters_without_bound_are_refused()
    {
        Assert.Throws<RankingException>(() => VectorFilter.Parse(new string('a', 5000)));
        Assert.Throws<RankingException>(() => VectorFilter.Parse(string.Join(" and ", Enumerable.Repeat("a == 1", 65))));
        Assert.Throws<RankingException>(() => VectorFilter.Parse($"a in [{string.Join(',', Enumerable.Range(0, 65))}]"));
    }
}
