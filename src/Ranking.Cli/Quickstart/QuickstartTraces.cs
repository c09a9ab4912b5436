using System.Text.Json;
using Ranking.Training.Registry;

namespace Ranking.Cli.Quickstart;

/// <summary>A namespace that a quickstart made on real servers.</summary>
/// <param name="Namespace">Its name.</param>
/// <param name="Kafka">Where its topics are; null: nowhere that outlives the process.</param>
/// <param name="Redis">Where its keys are; null: likewise.</param>
internal sealed record QuickstartTrace(string Namespace, string? Kafka, string? Redis);

/// <summary>
/// What quickstarts of a folder have on real servers, noted before it is made: one that was killed leaves its note, and the next one
/// removes by it what was left. A folder belongs to one quickstart at a time.
/// </summary>
internal sealed class QuickstartTraces : IDisposable
{
    readonly WriterLock held;
    readonly string path;
    readonly List<QuickstartTrace> traces;

    /// <summary>Takes the folder.</summary>
    /// <exception cref="RegistryException">RNK0004: another quickstart works in it.</exception>
    public QuickstartTraces(string folder)
    {
        held = WriterLock.Take(Path.Combine(folder, "quickstart.lock"), TimeSpan.Zero, folder);
        path = Path.Combine(folder, "on-servers.json");
        try { traces = File.Exists(path) ? JsonSerializer.Deserialize<List<QuickstartTrace>>(File.ReadAllText(path)) ?? [] : []; }
        catch (JsonException) { traces = []; } // cut off while it was written
    }

    /// <summary>What dead runs left, until it is removed, and what this one made.</summary>
    public IReadOnlyList<QuickstartTrace> All => traces;

    /// <summary>Notes what is about to be made.</summary>
    public void Add(QuickstartTrace trace)
    {
        traces.Add(trace);
        Write();
    }

    /// <summary>Forgets what is gone.</summary>
    public void Remove(QuickstartTrace trace)
    {
        traces.Remove(trace);
        Write();
    }

    void Write()
    {
        if (traces.Count == 0) File.Delete(path);
        else File.WriteAllText(path, JsonSerializer.Serialize(traces));
    }

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();
}
