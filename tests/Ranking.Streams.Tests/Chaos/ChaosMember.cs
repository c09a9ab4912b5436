using System.Diagnostics;
using System.Text;
using Ranking.Streams.Tests.Faults;

namespace Ranking.Streams.Tests.Chaos;

/// <summary>A member's name, its folder, and the process that has both at the moment.</summary>
sealed class ChaosMember(string name, RealProblem problem, string? redis) : IDisposable
{
    readonly StringBuilder said = new();
    readonly string kept = Directory.CreateTempSubdirectory("ranking-kept-").FullName;

    public string Name => name;

    /// <summary>The process; null while it is away.</summary>
    public MemberProcess? Process { get; private set; }

    /// <summary>When it comes back, or goes on.</summary>
    public TimeSpan ReturnsAt { get; set; } = TimeSpan.MaxValue;

    /// <summary>Whether it was told to stop.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Whether it kills itself at a point of its loop.</summary>
    public bool MayDie { get; private set; }

    /// <summary>What its processes wrote.</summary>
    public string Said => said + Process?.Said;

    string Folder => problem.StateOf(name);

    public void Start(string? point, int after, double aheadSeconds)
    {
        (MayDie, IsEnding) = (point is not null, false);
        Process = MemberProcess.Start(problem.Member with { Member = name, Redis = redis, UntilIdle = null, KillAt = point, KillAfter = after, AheadSeconds = aheadSeconds });
    }

    public void Continue() => Process!.Signal("CONT");

    public void Kill()
    {
        Process!.Signal("KILL");
        while (Process.ExitCode is null) Thread.Sleep(1);
        Lost();
    }

    /// <summary>Its process has ended.</summary>
    public void Lost()
    {
        said.Append(Process!.Said).AppendLine("--");
        Process.Dispose();
        Process = null;
    }

    public bool DeleteState()
    {
        if (!Directory.Exists(Folder)) return false;
        Run("rm", "-rf", Folder);
        return true;
    }

    /// <summary>Keeps a copy of its folder.</summary>
    public bool KeepState() => Copy(Folder, Path.Combine(kept, "state"));

    /// <summary>Puts the copy back.</summary>
    public bool RestoreState() => Copy(Path.Combine(kept, "state"), Folder);

    public void Dispose()
    {
        Process?.Dispose();
        Directory.Delete(kept, recursive: true);
    }

    static bool Copy(string from, string to)
    {
        if (!Directory.Exists(from)) return false;
        Run("rm", "-rf", to);
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        Run("cp", "-r", from, to);
        return true;
    }

    static void Run(string command, params string[] arguments)
    {
        using Process process = System.Diagnostics.Process.Start(command, arguments);
        process.WaitForExit();
    }
}
