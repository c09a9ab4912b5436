using System.Text;
using Ranking.Features.Spec;

namespace Ranking.Features.Tests.Spec;

/// <summary>Each file of Broken is a spec with a mistake, and ends in the message that it must give, in lines that begin with <c>#></c>.</summary>
public class BrokenSpecTests
{
    const string Mark = "#> ";

    static readonly string Folder = Path.Combine(Repository.Root, "tests", "Ranking.Features.Tests", "Spec", "Broken");

    public static TheoryData<string> Files => new(Directory.GetFiles(Folder, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal));

    /// <summary>With RANKING_UPDATE=1 the test writes the message into the file instead: read the difference before committing it.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void A_mistake_gives_its_message(string name)
    {
        string file = Path.Combine(Folder, name + ".yaml");
        string text = File.ReadAllText(file);
        int end = text.IndexOf(Mark, StringComparison.Ordinal);
        string yaml = end < 0 ? text : text[..end];
        string expected = end < 0 ? "" : string.Join('\n', text[end..].TrimEnd('\n').Split('\n').Select(l => l[Mark.Length..]));

        string message = Assert.Throws<SpecException>(() => SpecReader.Parse(Encoding.UTF8.GetBytes(yaml))).Message;

        if (Environment.GetEnvironmentVariable("RANKING_UPDATE") == "1")
            File.WriteAllText(file, yaml + string.Concat(message.Split('\n').Select(l => $"{Mark}{l}\n")));
        else Assert.Equal(expected, message);
    }

    [Fact]
    public void There_are_enough_of_them() => Assert.True(Files.Count >= 40);

    [Fact]
    public void Bombs_are_refused_before_they_cost_anything()
    {
        string deep = "a: " + new string('[', 100_000);
        Assert.Contains("nested deeper than 16", Assert.Throws<SpecException>(() => Specs.Parse(deep)).Message);
        string many = "list: [" + string.Concat(Enumerable.Repeat("a,", 100_000)) + "a]";
        Assert.Contains("more than 50000 values", Assert.Throws<SpecException>(() => Specs.Parse(many)).Message);
        string laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]";
        Assert.Equal("spec.yaml:1:4: found an anchor (&), expected a plain value: anchors and aliases are not used in a spec",
            Assert.Throws<SpecException>(() => Specs.Parse(laughs)).Message);
        Assert.Contains("expected a spec of at most 1048576", Assert.Throws<SpecException>(() => Specs.Parse(new string('#', 2 << 20))).Message);
    }
}
