namespace Ranking.Serving.Retrieval;

/// <summary>What a search brought.</summary>
/// <param name="Found">Nearest first; null if the item that was asked about has no vector, or nothing can be searched.</param>
/// <param name="Unavailable">Why nothing can be searched; null where something can.</param>
/// <param name="Refused">What is wrong with the document that was asked about; null where nothing is.</param>
internal sealed record Retrieved<T>(IReadOnlyList<T>? Found, string? Unavailable = null, string? Refused = null);
