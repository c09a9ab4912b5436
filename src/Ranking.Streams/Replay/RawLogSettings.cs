namespace Ranking.Streams.Replay;

/// <summary>What the SQL over raw logs may use.</summary>
/// <param name="MemoryMiB">Memory of DuckDB in MiB; what does not fit goes to the temporary folder. 1,024 by default.</param>
/// <param name="Threads">Its threads; 2 by default.</param>
/// <param name="TempFolder">Where the temporary folder is made; the system's by default. It is gone after <see cref="RawLogs.Dispose"/>.</param>
/// <param name="MostTempMiB">The most that lies in the temporary folder, in MiB; 64 GiB by default.</param>
public sealed record RawLogSettings(int MemoryMiB = 1024, int Threads = 2, string? TempFolder = null, int MostTempMiB = 65_536);
