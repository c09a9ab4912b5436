using System.Diagnostics;
using Ranking.Training.Registry;

namespace Ranking.Training.Tests.Registry;

public class TwoProcessesTests
{
    [Fact]
    public void A_second_trainer_of_a_model_is_refused_and_told_of_the_first()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 1);
        using Process other = SecondProcess.Start("train", folder.Path);
        try
        {
            RegistryException error = Assert.Throws<RegistryException>(() => registry.LockForTraining("feed"));
            Assert.Contains($"process {other.Id} ", error.Message, StringComparison.Ordinal);
            registry.LockForTraining("another").Dispose();
            registry.Publish("feed", Versions.Info, Versions.Write); // short writes by others go on while one trains
            registry.Promote("feed", 2);
        }
        finally
        {
            other.Kill();
        }
        other.WaitForExit();
        registry.LockForTraining("feed").Dispose(); // freed by the end of the process
    }

    [Fact]
    public void A_writer_killed_half_way_leaves_no_version_and_no_lock()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 1);
        using Process other = SecondProcess.Start("publish", folder.Path);
        Assert.Contains("a second writer is refused", Assert.Throws<RegistryException>(() => registry.Promote("feed", 1)).Message, StringComparison.Ordinal);
        other.Kill();
        other.WaitForExit();
        string left = Assert.Single(Directory.EnumerateDirectories(folder["feed"], ".writing-*"));
        Assert.Equal([1], registry.Versions("feed"));
        Assert.Equal(1, registry.Open("feed").Info.Version);
        Assert.Equal(2, registry.Publish("feed", Versions.Info, Versions.Write).Info.Version);
        Assert.False(Directory.Exists(left));
    }

    [Fact]
    public async Task Readers_see_a_version_and_a_pointer_whole_while_another_thread_writes()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 2);
        using CancellationTokenSource stop = new();
        Task writer = Task.Run(() =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++) registry.Promote("feed", 1 + (i % 2));
        });
        for (int i = 0; i < 300; i++) Assert.InRange(registry.Open("feed").Info.Version, 1, 2);
        await stop.CancelAsync();
        await writer;
    }
}
