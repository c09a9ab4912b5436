using System.Globalization;
using DuckDB.NET.Data;

namespace Ranking.Streams.Replay;

/// <summary>
/// DuckDB in memory, which may read the data folder and nothing else: no network, no extensions beyond the built-in ones (CSV, JSON,
/// Parquet, time zones), bounded memory, threads and temporary files.
/// </summary>
sealed class LogDatabase : IDisposable
{
    readonly string dataFolder;
    readonly DirectoryInfo temp;
    readonly DuckDBConnection first;

    public LogDatabase(string dataFolder, RawLogSettings settings)
    {
        this.dataFolder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataFolder));
        temp = settings.TempFolder is { } folder
            ? Directory.CreateDirectory(Path.Combine(folder, "duckdb-" + Path.GetRandomFileName()))
            : Directory.CreateTempSubdirectory("ranking-duckdb-");
        first = new("DataSource=:memory:");
        try
        {
            first.Open();
            foreach (string setting in new[]
            {
                "autoinstall_known_extensions = false", "autoload_known_extensions = false", "allow_community_extensions = false",
                string.Create(CultureInfo.InvariantCulture, $"memory_limit = '{settings.MemoryMiB}MiB'"),
                string.Create(CultureInfo.InvariantCulture, $"threads = {settings.Threads}"),
                $"temp_directory = {Quote(temp.FullName)}",
                string.Create(CultureInfo.InvariantCulture, $"max_temp_directory_size = '{settings.MostTempMiB}MiB'"),
                "TimeZone = 'UTC'",
                $"allowed_directories = [{Quote(this.dataFolder)}]", "enable_external_access = false", "lock_configuration = true",
            })
                Execute(first, $"SET {setting}");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A connection of its own for a result that is read while others are; <c>getvariable('data')</c> is the data folder.</summary>
    public DuckDBConnection Connect()
    {
        DuckDBConnection connection = first.Duplicate();
        connection.Open();
        Execute(connection, $"SET VARIABLE data = {Quote(dataFolder)}");
        return connection;
    }

    /// <summary>Closes the database and removes its temporary folder.</summary>
    public void Dispose()
    {
        first.Dispose();
        if (temp.Exists) temp.Delete(recursive: true);
    }

    static void Execute(DuckDBConnection connection, string sql)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
