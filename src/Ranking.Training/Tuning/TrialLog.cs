using System.Text;
using System.Text.Json;
using Ranking.Features.Errors;

namespace Ranking.Training.Tuning;

/// <summary>The trials of a search, one JSON line each; a line that a killed search did not finish is dropped.</summary>
/// <param name="path">The file.</param>
/// <param name="search">Hash of the search that it belongs to.</param>
sealed class TrialLog(string path, string search)
{
    /// <summary>The trials that are done.</summary>
    /// <exception cref="RankingException">The file is another search's, or no log.</exception>
    public List<Trial> Read()
    {
        if (!File.Exists(path)) return [];
        byte[] bytes = File.ReadAllBytes(path);
        int whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (whole < bytes.Length)
            using (FileStream file = new(path, FileMode.Open, FileAccess.Write)) file.SetLength(whole);
        List<Trial> trials = [];
        foreach (string line in Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Trial trial;
            try
            {
                trial = JsonSerializer.Deserialize<Trial>(line) ?? throw new JsonException("the line says null");
            }
            catch (JsonException error)
            {
                throw new RankingException(ErrorCodes.FileNotUsable, $"{path}, line {trials.Count + 1}, is no trial of a search: {error.Message}", error);
            }
            if (trial.Search != search)
                throw new RankingException(ErrorCodes.ResumeRefused, $"{path}, line {trials.Count + 1}, belongs to another search (spec, ranges, seed or examples differ). Name another log or delete it.");
            trials.Add(trial);
        }
        return trials;
    }

    /// <summary>Adds a trial; it is on disk when this returns.</summary>
    public void Add(Trial trial)
    {
        using FileStream file = new(path, FileMode.Append, FileAccess.Write);
        file.Write([.. JsonSerializer.SerializeToUtf8Bytes(trial), (byte)'\n']);
        file.Flush(flushToDisk: true);
    }
}
