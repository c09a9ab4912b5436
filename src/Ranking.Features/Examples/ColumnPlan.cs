using Ranking.Features.Aggregates;
using Ranking.Features.Spec;

namespace Ranking.Features.Examples;

/// <summary>A column with what is needed to compute it.</summary>
/// <param name="Spec">Its feature.</param>
/// <param name="Column">Its place.</param>
/// <param name="Document">Index of the document field that it reads, or -1.</param>
/// <param name="Context">Index of the context field that it reads, or -1.</param>
/// <param name="Aggregate">The counts that it needs, or null.</param>
/// <param name="Recent">Index of the user's recent events that it reads, or -1.</param>
/// <param name="By">Of an object of numbers: whose value is the key; null where the document's field itself is the value.</param>
public sealed record ColumnPlan(FeatureSpec Spec, FeatureColumn Column, int Document = -1, int Context = -1, AggregatePlan? Aggregate = null, int Recent = -1, KeyField? By = null);

/// <summary>The user's latest events of one kind, as a sequence or a time since needs them.</summary>
/// <param name="Of">Kind of event.</param>
/// <param name="Length">How many events before a cut are needed.</param>
/// <param name="Field">What is kept of each, an id; events without it are not kept. Null: only the time.</param>
public sealed record RecentPlan(string Of, int Length, KeyField? Field);
