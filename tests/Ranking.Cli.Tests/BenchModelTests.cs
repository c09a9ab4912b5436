using Ranking.Cli.Tests.Running;
using Ranking.Models.Cuda;

namespace Ranking.Cli.Tests;

/// <summary><c>bench model</c> where there is no card, and with sizes that no card runs.</summary>
public class BenchModelTests
{
    [Fact]
    public async Task Without_a_card_it_fails_with_the_reason()
    {
        using CudaDevice? card = CudaDevice.TryOpen(out string reason);
        if (card is not null) Assert.Skip("this machine has a card");
        RankingProcess.Result result = await RankingProcess.Run(["bench", "model", "--device", "cuda", "--json"]);
        Assert.Equal(1, result.Code);
        Assert.Contains("RNK4008", result.Errors, StringComparison.Ordinal);
        Assert.Contains(reason, result.Errors, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task A_size_that_the_kernels_do_not_know_is_wrong_usage()
    {
        RankingProcess.Result result = await RankingProcess.Run(["bench", "model", "--width", "100"]);
        Assert.Equal(2, result.Code);
        Assert.Contains("width is 100; expected a multiple of 8", result.Errors, StringComparison.Ordinal);
    }
}
