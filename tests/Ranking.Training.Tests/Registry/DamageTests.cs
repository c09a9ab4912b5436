using Ranking.Training.Registry;

namespace Ranking.Training.Tests.Registry;

public class DamageTests
{
    static readonly string[] Files = ["weights.safetensors", "tables/item", "spec.yaml", "metrics.json", "version.json", "checksums"];

    public static TheoryData<string, string> Damages()
    {
        TheoryData<string, string> all = [];
        foreach (string file in Files)
            foreach (string how in (string[])["truncated", "emptied", "a bit flipped", "grown", "missing"])
                all.Add(file, how);
        return all;
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_version_is_refused_by_the_name_of_the_file(string file, string how)
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 2);
        string path = folder[$"feed/2/{file}"];
        byte[] bytes = File.ReadAllBytes(path);
        switch (how)
        {
            case "truncated": File.WriteAllBytes(path, bytes[..^1]); break;
            case "emptied": File.WriteAllBytes(path, []); break;
            case "grown": File.WriteAllBytes(path, [.. bytes, 10]); break;
            case "missing": File.Delete(path); break;
            default:
                bytes[bytes.Length / 2] ^= 1;
                File.WriteAllBytes(path, bytes);
                break;
        }
        RegistryException error = Assert.Throws<RegistryException>(() => registry.Promote("feed", 2));
        Assert.Equal(file, error.File);
        Assert.Contains($"'{file}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, registry.Open("feed").Info.Version); // the old one goes on
    }

    [Fact]
    public void A_file_that_does_not_belong_is_refused()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 1);
        File.WriteAllText(folder["feed/1/tables/extra"], "");
        Assert.Equal("tables/extra", Assert.Throws<RegistryException>(() => registry.Open("feed", 1)).File);
    }

    [Fact]
    public void A_newer_format_is_refused_as_newer_not_as_damaged()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 1);
        Checksums.Write(folder["feed/1"], ModelRegistry.CurrentFormat + 1);
        Assert.Contains("has format 2; this program reads up to format 1", Assert.Throws<RegistryException>(() => registry.Open("feed", 1)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder["feed/promoted"], """{"format":2,"anything":[]}""");
        Assert.Contains("has format 2; this program reads up to format 1", Assert.Throws<RegistryException>(() => registry.Open("feed")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"format":1}""")]
    [InlineData("""{"format":1,"version":0,"previous":[]}""")]
    [InlineData("""{"version":1,"previous":[]}""")]
    public void A_damaged_pointer_is_refused(string content)
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 1);
        File.WriteAllText(folder["feed/promoted"], content);
        Assert.Equal("promoted", Assert.Throws<RegistryException>(() => registry.Open("feed")).File);
    }

    [Fact]
    public void A_folder_under_another_number_is_refused()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 1);
        Directory.Move(folder["feed/1"], folder["feed/9"]);
        Assert.Contains("says feed@1", Assert.Throws<RegistryException>(() => registry.Open("feed", 9)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_shows_the_damaged_beside_the_good()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 2);
        File.WriteAllText(folder["feed/1/version.json"], "{");
        Assert.Equal([true, false], registry.List().Select(l => l.Damage is not null));
    }
}
