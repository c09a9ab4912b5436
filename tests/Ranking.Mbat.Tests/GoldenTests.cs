using System.Diagnostics;
using System.Runtime.Intrinsics.X86;

namespace Ranking.Mbat.Tests;

public class GoldenTests
{
    private const string OutputVariable = "RANKING_MBAT_GOLDEN_OUTPUT";

    // A change here is a change of every stored vector: raise MbatSettings.Revision with it.
    private const string Golden = """
        default 23264a86e54b3d2df082f6d3
        raw 43a6ae5f3bbfbcea1d5e453c
        set faa3e6a5ab3cea9f352fad0c
        paths feb86fc46baae977ba1d0185
        butterfly e1b686ff59085c6df83a7fc7
        butterfly48 2315b018c9725f4f45e4f5e3
        haar 4c709e170a6c9720c358c95c
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Vectors_are_those_of_every_earlier_build(int threads)
    {
        string found = GoldenVectors.All(threads);
        // In a child process with other switches this hands the result to the test that started it.
        if (Environment.GetEnvironmentVariable(OutputVariable) is { } file)
            File.WriteAllText(file, $"avx512 {Avx512F.IsSupported} avx2 {Avx2.IsSupported}\n{found}");
        Assert.Equal(Golden, found.TrimEnd());
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512", "avx512 False avx2 True")]
    [InlineData("DOTNET_EnableAVX2", "avx512 False avx2 False")]
    [InlineData("DOTNET_EnableHWIntrinsic", "avx512 False avx2 False")]
    public async Task Vectors_are_the_same_bits_with_narrower_instructions(string variable, string expected)
    {
        if (!Avx2.IsSupported || Environment.GetEnvironmentVariable(OutputVariable) is not null)
            Assert.Skip("this processor, or this child process, has no AVX2 to turn off");
        string output = Path.GetTempFileName();
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(GoldenTests).Assembly.Location);
        foreach (string argument in new[] { "--filter-method", "*.Vectors_are_those_of_every_earlier_build" })
            start.ArgumentList.Add(argument);
        start.Environment[variable] = "0";
        start.Environment[OutputVariable] = output;
        using Process child = Process.Start(start)!;
        Task<string> said = child.StandardOutput.ReadToEndAsync(), complained = child.StandardError.ReadToEndAsync();
        await child.WaitForExitAsync();
        string[] found = (await File.ReadAllTextAsync(output)).Split('\n', 2);
        File.Delete(output);
        Assert.True(found.Length == 2, $"the child gave no vectors: {await said} {await complained}");
        Assert.Equal(expected, found[0]);
        Assert.Equal(Golden, found[1].TrimEnd());
    }
}
