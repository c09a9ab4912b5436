using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Ranking.Cli.Tests.Running;

namespace Ranking.Cli.Tests;

/// <summary><c>doctor</c> says what it found and what to do, and fails where something will not work.</summary>
public class DoctorTests
{
    [Fact]
    public async Task A_machine_that_runs_these_tests_is_fit()
    {
        RankingProcess.Result result = await RankingProcess.Run(["doctor", "--json"]);
        JsonElement found = result.Json();
        Assert.Equal(0, result.Code);
        Assert.True(found.GetProperty("ok").GetBoolean());
        foreach (string name in (string[])["system", "runtime", "libtorch", "librdkafka", "rocksdb", "duckdb"]) Assert.Equal("ok", Check(found, name).GetProperty("status").GetString());
        foreach (string name in (string[])["memory", "disk", "threads", "cuda", "gpu kernels"]) Assert.NotEqual("", Check(found, name).GetProperty("found").GetString());
    }

    [Fact]
    public async Task A_libtorch_that_is_none_is_named_with_what_to_do()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "libtorch_cpu.so"), "no library");
            RankingProcess.Result result = await RankingProcess.Run(["doctor", "--json"], new Dictionary<string, string> { ["RANKING_LIBTORCH"] = folder });
            Assert.Equal(1, result.Code);
            JsonElement torch = Check(result.Json(), "libtorch");
            Assert.Equal("failed", torch.GetProperty("status").GetString());
            Assert.Contains(folder, torch.GetProperty("found").GetString(), StringComparison.Ordinal);
            Assert.Contains("RANKING_LIBTORCH", torch.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 9090);
        try { listener.Start(); }
        catch (SocketException) { } // Something else has it, which will do.
        JsonElement port = Check((await RankingProcess.Run(["doctor", "--json"])).Json(), "port 9090");
        Assert.Equal("warning", port.GetProperty("status").GetString());
        Assert.Contains("--admin", port.GetProperty("remedy").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_that_do_not_answer_are_failures_that_name_the_address()
    {
        RankingProcess.Result result = await RankingProcess.Run(["doctor", "--json", "--kafka", "127.0.0.1:1", "--redis", "127.0.0.1:1"]);
        Assert.Equal(1, result.Code);
        foreach (string server in (string[])["kafka", "redis"])
        {
            JsonElement check = Check(result.Json(), server);
            Assert.Equal("failed", check.GetProperty("status").GetString());
            Assert.Contains("127.0.0.1:1", check.GetProperty("found").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_password_on_the_command_line_is_refused_and_not_echoed()
    {
        RankingProcess.Result result = await RankingProcess.Run(["doctor", "--redis", "localhost:6379,password=hunter2"]);
        Assert.Equal(2, result.Code);
        Assert.Contains("RANKING_REDIS_PASSWORD", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", result.Errors + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_left_in_the_temporary_folder()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            // What a killed run left: a folder whose lock nobody holds.
            string left = Directory.CreateDirectory(Path.Combine(folder, "ranking-dead")).FullName;
            await File.WriteAllTextAsync(Path.Combine(left, ".lock"), "");
            await File.WriteAllTextAsync(Path.Combine(left, "data"), "x");
            string foreign = Directory.CreateDirectory(Path.Combine(folder, "ranking-of-somebody-else")).FullName;
            await RankingProcess.Run(["doctor"], new Dictionary<string, string> { ["TMPDIR"] = folder });
            Assert.Equal([foreign], Directory.EnumerateFileSystemEntries(folder).Where(e => Path.GetFileName(e).StartsWith("ranking", StringComparison.Ordinal)));
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    static JsonElement Check(JsonElement found, string name) => found.GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
}
