namespace Ranking.Features.Events;

/// <summary>A person wants to be forgotten: all state of the user goes, and what happened before a time is not taken any more. It moves no watermark.</summary>
/// <param name="User">The user's id.</param>
/// <param name="BeforeMs">Events before this are refused, milliseconds since 1970 UTC.</param>
public sealed record Erasure(string User, long BeforeMs);
