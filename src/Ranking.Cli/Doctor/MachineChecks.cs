using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Ranking.Cli.Doctor;

/// <summary>The machine: system, runtime, memory, disk, threads, open files, ports.</summary>
internal static class MachineChecks
{
    const double Gibibyte = 1 << 30;

    /// <summary>All of them.</summary>
    /// <param name="folder">Where models and state would be written.</param>
    public static IEnumerable<Finding> All(string folder)
    {
        yield return System();
        yield return Runtime();
        yield return Memory();
        yield return Disk("disk", folder);
        yield return Disk("temporary files", Path.GetTempPath());
        yield return Threads();
        yield return OpenFiles();
        foreach (int port in (int[])[8080, 8081, 9090]) yield return Port(port);
    }

    static Finding System()
    {
        string found = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.RuntimeIdentifier}";
        bool supported = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && !RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal);
        return supported ? Finding.Ok("system", found) : Finding.Failed("system", found, "linux-x64 with glibc is what is supported; use such a machine or container");
    }

    static Finding Runtime() => Finding.Ok("runtime", $"{RuntimeInformation.FrameworkDescription} in {RuntimeEnvironment.GetRuntimeDirectory()}");

    static Finding Memory()
    {
        double limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gibibyte; // A container's limit counts.
        double free = AvailableBytes() / Gibibyte;
        string found = string.Create(CultureInfo.InvariantCulture, $"{limit:F1} GiB for this process, {free:F1} GiB available");
        return Math.Min(limit, free) >= 4
            ? Finding.Ok("memory", found)
            : Finding.Warning("memory", found, "quickstart takes up to 4 GiB: end other programs or raise the container's limit");
    }

    static long AvailableBytes()
    {
        string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    static Finding Disk(string name, string folder)
    {
        string full = Path.GetFullPath(folder);
        double free = new DriveInfo(full).AvailableFreeSpace / Gibibyte;
        string found = string.Create(CultureInfo.InvariantCulture, $"{free:F1} GiB free in {full}");
        string probe = Path.Combine(full, $".ranking-doctor-{Environment.ProcessId}");
        try
        {
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Finding.Failed(name, $"{full} cannot be written: {e.Message}", "run in a folder that this user may write, or set TMPDIR for temporary files");
        }
        return free >= 2 ? Finding.Ok(name, found) : Finding.Warning(name, found, "quickstart writes up to 2 GiB: free some space or use another folder");
    }

    static Finding Threads() => Finding.Ok("threads", $"{Environment.ProcessorCount} processors" + (Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is { } set ? $", OMP_NUM_THREADS={set}" : ""));

    static Finding OpenFiles()
    {
        string? line = File.ReadLines("/proc/self/limits").FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        string soft = line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0] ?? "unknown";
        return !long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long files) || files >= 4096
            ? Finding.Ok("open files", $"limit {soft}")
            : Finding.Warning("open files", $"limit {soft}", "RocksDB and many connections need more: ulimit -n 65536");
    }

    static Finding Port(int port)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"port {port}");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return Finding.Ok(name, "free");
        }
        catch (SocketException e)
        {
            return Finding.Warning(name, e.Message, "another program listens there: give serve another --http, --grpc or --admin (0 picks a free one)");
        }
    }
}
