using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ranking.Training.Registry;

namespace Ranking.Training.Tests.Registry;

/// <summary>This test program started again as another writer, by an environment variable that is read before any test runs.</summary>
static class SecondProcess
{
    const string Role = "RANKING_TEST_ROLE", Where = "RANKING_TEST_FOLDER";

    /// <summary>Starts the other writer and waits until it is where its role takes it.</summary>
    public static Process Start(string role, string folder)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.Environment[Role] = role;
        start.Environment[Where] = folder;
        Process process = Process.Start(start)!;
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        return process;
    }

#pragma warning disable CA2255 // The program's own entry point belongs to the test framework.
    [ModuleInitializer]
    internal static void Run()
    {
        string? folder = Environment.GetEnvironmentVariable(Where);
        switch (Environment.GetEnvironmentVariable(Role))
        {
            case "train":
                using (new ModelRegistry(folder!).LockForTraining("feed")) Stay();
                break;
            case "publish":
                new ModelRegistry(folder!).Publish("feed", Versions.Info, aside =>
                {
                    Versions.Write(aside);
                    Stay();
                });
                break;
        }
    }
#pragma warning restore CA2255

    static void Stay()
    {
        Console.WriteLine("ready");
        Thread.Sleep(60_000);
        Environment.Exit(1);
    }
}
