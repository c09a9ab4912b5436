using System.Text.Json.Serialization;

namespace Ranking.Training.Batches;

/// <summary>
/// The place between two batches. Examples are shuffled within windows, so a place is the start of a window and how many of its
/// examples, in shuffled order, are in batches already; without shuffling the second is 0.
/// </summary>
/// <param name="Window">Number of the window in this pass, from 0.</param>
/// <param name="Taken">How many of its examples are taken.</param>
/// <param name="Offsets">By partition: the offset of the window's first example.</param>
public sealed record BatchPosition(
    [property: JsonPropertyName("window")] long Window,
    [property: JsonPropertyName("taken")] int Taken,
    [property: JsonPropertyName("offsets")] IReadOnlyDictionary<int, long> Offsets)
{
    /// <summary>The start of every source.</summary>
    public static BatchPosition Start { get; } = new(0, 0, new Dictionary<int, long>());
}
