using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Ranking.Models;
using TorchSharp;

namespace Ranking.Training.Registry;

/// <summary>What floating-point results depend on beside the program: equal bits are promised between equal ones only.</summary>
/// <param name="Cpu">Model of the processor and the widest vectors that it has.</param>
/// <param name="Threads">Threads that torch computes with.</param>
/// <param name="Libtorch">Version and size of libtorch.</param>
/// <param name="Device">cpu or cuda, with the name of the card.</param>
public sealed record MachineInfo(
    [property: JsonPropertyName("cpu")] string Cpu,
    [property: JsonPropertyName("threads")] int Threads,
    [property: JsonPropertyName("libtorch")] string Libtorch,
    [property: JsonPropertyName("device")] string Device)
{
    /// <summary>This machine, now.</summary>
    /// <param name="device">cpu or cuda.</param>
    public static MachineInfo Current(string device = "cpu")
    {
        Torch.Load();
        return new MachineInfo(Processor(), torch.get_num_threads(), Library(), device);
    }

    /// <summary>What differs from another, for a message; null where nothing does.</summary>
    public string? DifferenceFrom(MachineInfo other) => this == other ? null : string.Join("; ", new[]
    {
        Difference("processor", Cpu, other.Cpu), Difference("threads", $"{Threads}", $"{other.Threads}"),
        Difference("libtorch", Libtorch, other.Libtorch), Difference("device", Device, other.Device),
    }.OfType<string>());

    static string? Difference(string what, string here, string there) => here == there ? null : $"{what}: here '{here}', there '{there}'";

    static string Processor()
    {
        string? model = null, flags = null;
        if (File.Exists("/proc/cpuinfo"))
            foreach (string line in File.ReadLines("/proc/cpuinfo"))
            {
                if (model is null && line.StartsWith("model name", StringComparison.Ordinal)) model = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
                if (flags is null && line.StartsWith("flags", StringComparison.Ordinal)) flags = line;
                if (model is not null && flags is not null) break;
            }
        string vectors = flags is null ? "" : flags.Contains(" avx512f", StringComparison.Ordinal) ? ", AVX-512" : flags.Contains(" avx2", StringComparison.Ordinal) ? ", AVX2" : "";
        return (model ?? RuntimeInformation.ProcessArchitecture.ToString()) + vectors;
    }

    static string Library()
    {
        string file = Path.Combine(Torch.LoadedFrom ?? "", "libtorch_cpu.so");
        return File.Exists(file) ? $"{torch.__version__}, {new FileInfo(file).Length} bytes" : torch.__version__;
    }
}
