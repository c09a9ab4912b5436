using System.Runtime.CompilerServices;

namespace Ranking.Models.Tests;

static class LoadTorch
{
    /// <summary>A test may touch a tensor before any type of ours, which would load libtorch.</summary>
    [ModuleInitializer]
    internal static void Run() => Torch.Load();
}
