using TorchSharp;

namespace Ranking.Models.Checkpoints;

/// <summary>What the bits of a run depend on beside its inputs: a resume elsewhere would not be bit-equal, so it is refused.</summary>
/// <param name="Torch">Version of libtorch.</param>
/// <param name="Threads">That libtorch computes with.</param>
/// <param name="Processor">Model of the CPU: it chooses the kernels.</param>
/// <param name="Device">Such as <c>cpu</c>.</param>
public sealed record RuntimeFingerprint(string Torch, int Threads, string Processor, string Device)
{
    const string Prefix = "runtime.";

    /// <summary>Of this process.</summary>
    public static RuntimeFingerprint Here(torch.Device device) => new(torch.__version__, torch.get_num_threads(), ProcessorName(), device.ToString());

    /// <summary>As metadata of a checkpoint.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToMetadata() =>
    [
        new(Prefix + "torch", Torch), new(Prefix + "threads", $"{Threads}"), new(Prefix + "processor", Processor), new(Prefix + "device", Device),
    ];

    /// <summary>Refuses a checkpoint of another runtime.</summary>
    /// <exception cref="InvalidOperationException">Names each difference.</exception>
    public void Require(IReadOnlyDictionary<string, string> metadata, string path)
    {
        string[] differences = [.. ToMetadata().Where(m => metadata.GetValueOrDefault(m.Key) != m.Value)
            .Select(m => $"{m.Key[Prefix.Length..]}: found '{metadata.GetValueOrDefault(m.Key) ?? "nothing"}', expected '{m.Value}'")];
        if (differences.Length > 0)
            throw new InvalidOperationException($"{path} was written by another runtime, so resuming would not give the same bits: {string.Join("; ", differences)}");
    }

    static string ProcessorName()
    {
        const string file = "/proc/cpuinfo";
        string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? "unknown" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
