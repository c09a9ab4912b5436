using System.Globalization;
using Confluent.Kafka;
using DuckDB.NET.Data;
using Ranking.Models;
using Ranking.Models.Cuda;
using RocksDbSharp;
using static TorchSharp.torch;

namespace Ranking.Cli.Doctor;

/// <summary>The native libraries: each is loaded and made to do a little.</summary>
internal static class NativeChecks
{
    /// <summary>All of them.</summary>
    /// <param name="temporary">A folder for a state store.</param>
    /// <param name="needCuda">Whether a missing CUDA device is a failure.</param>
    public static IEnumerable<Finding> All(string temporary, bool needCuda)
    {
        Finding torch = Try("libtorch", LibTorch, "build once with `dotnet build`, or set RANKING_LIBTORCH to the torch/lib of a PyTorch installation");
        yield return torch;
        if (torch.Status == FindingStatus.Ok) yield return Try("cuda", () => Cuda(needCuda), "install the NVIDIA driver and set RANKING_LIBTORCH to the torch/lib of a CUDA build of PyTorch");
        yield return Try("gpu kernels", () => Kernels(needCuda), "install the NVIDIA driver");
        yield return Try("librdkafka", () => Finding.Ok("librdkafka", Library.VersionString), "restore the package librdkafka.redist again; linux-x64 with glibc is supported");
        yield return Try("rocksdb", () => RocksDb(temporary), "restore the package RocksDB again; linux-x64 with glibc is supported");
        yield return Try("duckdb", DuckDb, "restore the package DuckDB.NET.Data.Full again; linux-x64 with glibc is supported");
    }

    static Finding LibTorch()
    {
        Torch.Load();
        using Tensor x = arange(4, dtype: float32);
        using Tensor sum = x.dot(x);
        return sum.item<float>() == 14
            ? Finding.Ok("libtorch", string.Create(CultureInfo.InvariantCulture, $"{Torch.LoadedFrom}, {get_num_threads()} threads"))
            : Finding.Failed("libtorch", $"0² + 1² + 2² + 3² is {sum.item<float>()} there", "this libtorch computes wrongly; use another one");
    }

    static Finding Cuda(bool needed)
    {
        if (cuda.is_available()) return Finding.Ok("cuda", string.Create(CultureInfo.InvariantCulture, $"{cuda.device_count()} devices"));
        return needed
            ? Finding.Failed("cuda", "libtorch finds no CUDA device", "install the NVIDIA driver and set RANKING_LIBTORCH to the torch/lib of a CUDA build of PyTorch")
            : Finding.Ok("cuda", "none; training and serving use the CPU");
    }

    // What the driver says, so that an old card or a missing NVRTC has its line although torch may be content.
    static Finding Kernels(bool needed)
    {
        using CudaDevice? card = CudaDevice.TryOpen(out string reason);
        if (card is not null && CudaDevice.CanCompile(out reason))
            return Finding.Ok("gpu kernels", string.Create(CultureInfo.InvariantCulture, $"{card.Name}, {card.Multiprocessors} multiprocessors, driver for CUDA {card.DriverVersion / 1000}.{card.DriverVersion % 1000 / 10}"));
        return needed
            ? Finding.Warning("gpu kernels", $"{reason}; TorchSharp trains the blocks instead", "an H100 or H200 with its driver, and NVRTC of CUDA 12 or 13: RANKING_LIBTORCH of a PyTorch installation has it beside it")
            : Finding.Ok("gpu kernels", $"none: {reason}");
    }

    static Finding RocksDb(string temporary)
    {
        string folder = Path.Combine(temporary, "doctor-rocksdb");
        using (RocksDbSharp.RocksDb store = RocksDbSharp.RocksDb.Open(new DbOptions().SetCreateIfMissing(true), folder))
        {
            store.Put("key", "value");
            if (store.Get("key") != "value") return Finding.Failed("rocksdb", "a value that was put is not there", "restore the package RocksDB again");
        }
        return Finding.Ok("rocksdb", $"{typeof(RocksDbSharp.RocksDb).Assembly.GetName().Version}, wrote and read in {temporary}");
    }

    static Finding DuckDb()
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = "SELECT version()";
        return Finding.Ok("duckdb", (string)command.ExecuteScalar()!);
    }

    static Finding Try(string name, Func<Finding> check, string remedy)
    {
        try { return check(); }
        catch (Exception e) // Whatever a loader or a native library throws is the finding.
        {
            return Finding.Failed(name, Output.Failures.Root(e).Message.ReplaceLineEndings(" "), remedy);
        }
    }
}
