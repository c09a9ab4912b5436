namespace Ranking.Models;

/// <summary>Training met a loss or gradient that is not finite.</summary>
public sealed class NonFiniteLossException(string message) : Exception(message);
