using System.Runtime.CompilerServices;
using Ranking.Models;
using TorchSharp;

namespace Ranking.Training.Tests;

/// <summary>The models of these tests are small: one thread is as fast, and on a busy machine two wait for each other most of the time.</summary>
static class OneThread
{
#pragma warning disable CA2255 // The program's own entry point belongs to the test framework.
    [ModuleInitializer]
    internal static void Set()
    {
        Torch.Load();
        torch.set_num_threads(1);
    }
#pragma warning restore CA2255
}
