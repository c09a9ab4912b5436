using Ranking.Features.Aggregates;
using Ranking.Features.Examples;
using Ranking.Features.Rows;
using Ranking.Features.Spec;

namespace Ranking.Serving.Ranking;

/// <summary>Turns a request and its rows into one example a candidate, by the builder that pipeline and training use too.</summary>
internal sealed class Assembler
{
    readonly FeatureBuilder builder;
    readonly FeaturePlan plan;
    readonly OwnerPlan userOnce, userEach;

    public Assembler(FeatureBuilder builder)
    {
        this.builder = builder;
        plan = builder.Plan;
        // What no candidate can change of the user's columns is computed once a request.
        userOnce = plan.User with { Columns = [.. plan.User.Columns.Where(c => !DependsOnCandidate(c))] };
        userEach = plan.User with { Columns = [.. plan.User.Columns.Where(DependsOnCandidate)] };
    }

    /// <summary>What was found while assembling.</summary>
    /// <param name="Found">Rows that were there.</param>
    /// <param name="Missing">Rows that were not.</param>
    /// <param name="Stale">Rows that the request's time lies too far before.</param>
    /// <param name="Damaged">Rows that cannot be read and were taken as missing.</param>
    /// <param name="DamagedKind">Kind of one of them.</param>
    /// <param name="Damage">What is wrong with it.</param>
    public record struct Findings(int Found, int Missing, int Stale, int Damaged, string? DamagedKind, string? Damage);

    public FeatureVector[] Assemble(RankQuery query, FetchPlan fetch, FetchedRows fetched, out Findings findings)
    {
        findings = default;
        var states = new RowState[fetch.Rows.Count];
        for (int i = 0; i < states.Length; i++)
        {
            if (fetched.Rows[i].IsEmpty) findings.Missing++;
            else findings.Found++;
        }
        long cutMs = builder.CutOf(query.TimeMs);
        var examples = new FeatureVector[query.Candidates.Count];
        var shared = new FeatureDraft(plan);
        if (examples.Length > 0) AddOwner(shared, userOnce, 0, 0, FieldsOf(query, 0), cutMs, fetch, fetched, states, ref findings);
        for (int c = 0; c < examples.Length; c++)
        {
            RequestFields fields = FieldsOf(query, c);
            FeatureDraft draft = shared.Clone();
            builder.AddRequest(draft, fields);
            if (userEach.Columns.Count > 0) AddOwner(draft, userEach, c, 0, fields, cutMs, fetch, fetched, states, ref findings);
            for (int o = 1; o < plan.Owners.Count; o++) AddOwner(draft, plan.Owners[o], c, o, fields, cutMs, fetch, fetched, states, ref findings);
            examples[c] = draft.Build();
        }
        foreach (RowState state in states) if (state.HasFlag(RowState.Stale)) findings.Stale++;
        return examples;
    }

    [Flags]
    enum RowState : byte
    {
        None = 0,
        Stale = 1,
        Damaged = 2,
    }

    void AddOwner(FeatureDraft draft, OwnerPlan owner, int candidate, int index, in RequestFields fields, long cutMs,
        FetchPlan fetch, FetchedRows fetched, RowState[] states, ref Findings findings)
    {
        if (owner.Columns.Count == 0) return;
        int row = fetch.RowOf(candidate, index);
        if (row < 0 || fetched.Rows[row].IsEmpty || states[row].HasFlag(RowState.Damaged))
        {
            builder.AddMissingOwner(draft, owner, fields);
            return;
        }
        try
        {
            var packed = new PackedRow(plan, owner, fetched.Rows[row].Span);
            builder.AddOwner(draft, owner, packed, fields, cutMs);
            if (!builder.Holds(owner, packed, fields, cutMs)) states[row] |= RowState.Stale;
        }
        catch (InvalidDataException e)
        {
            // Bytes that no sink of ours wrote. The item is scored as if it were unknown; the metric and one log line tell.
            states[row] |= RowState.Damaged;
            findings.Damaged++;
            (findings.DamagedKind, findings.Damage) = (owner.Kind, e.Message);
            builder.AddMissingOwner(draft, owner, fields);
        }
    }

    static RequestFields FieldsOf(RankQuery query, int candidate) =>
        new(query.TimeMs, query.User, query.Candidates[candidate].Id, null, query.Candidates[candidate].Context ?? query.Context, Serving: true);

    bool DependsOnCandidate(ColumnPlan column)
    {
        if (column.Aggregate is not { } aggregate) return false;
        foreach (KeyField field in plan.User.Keys[aggregate.Key].Crossed)
        {
            if (field.Kind == KeyFieldKind.Item) return true;
            if (field.Kind == KeyFieldKind.Context && plan.Spec.Context.GetAt(field.Context).Value.Per == ContextScope.Candidate) return true;
        }
        return false;
    }
}
