namespace Ranking.Features.Spec;

/// <summary>Marks a span of time that the file writes as an offset from UTC, such as +08:00.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UtcOffsetAttribute : Attribute;
