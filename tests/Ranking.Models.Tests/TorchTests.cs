using TorchSharp;

namespace Ranking.Models.Tests;

public class TorchTests
{
    [Fact]
    public void Libtorch_is_loaded_from_one_folder_and_multiplies()
    {
        Torch.Load();
        Assert.NotNull(Torch.LoadedFrom);
        using torch.Tensor a = torch.tensor(new float[,] { { 1, 2 }, { 3, 4 } });
        using torch.Tensor b = a.mm(a);
        Assert.Equal([7f, 10f, 15f, 22f], b.data<float>().ToArray());
        Assert.False(File.Exists(Path.Combine(AppContext.BaseDirectory, "libtorch_cpu.so")));
    }
}
