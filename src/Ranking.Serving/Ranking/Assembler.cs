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
    readonly bool[] sameByRow; // of each owner: candidates with the same row have the same columns of it

    public Assembler(FeatureBuilder builder)
    {
        this.builder = builder;
        plan = builder.Plan;
        // What no candidate can change of the user's columns is computed once a request.
        userOnce = plan.User.Of(plan.User.Columns.Where(c => !DependsOnCandidate(plan.User, c)));
        userEach = plan.User.Of(plan.User.Columns.Where(c => DependsOnCandidate(plan.User, c)));
        sameByRow = [.. plan.Owners.Select(o => !o.Columns.Any(c => DependsOnCandidate(o, c)))];
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
        if (examples.Length == 0) return examples;
        var drafts = new FeatureDraft[examples.Length];
        var firstOf = new int[fetch.Rows.Count]; // the first candidate with a row, plus one
        int userRow = fetch.RowOf(0, 0);
        PackedRow user = Open(plan.User, userRow, fetched, states, ref findings, indexed: userEach.Columns.Count > 0);
        var shared = new FeatureDraft(plan);
        AddOwner(shared, userOnce, userRow, user, FieldsOf(query, 0), cutMs, states, ref findings);
        for (int c = 0; c < examples.Length; c++)
        {
            RequestFields fields = FieldsOf(query, c);
            FeatureDraft draft = drafts[c] = shared.Clone();
            builder.AddRequest(draft, fields);
            AddOwner(draft, userEach, userRow, user, fields, cutMs, states, ref findings);
            for (int o = 1; o < plan.Owners.Count; o++)
            {
                OwnerPlan owner = plan.Owners[o];
                int row = fetch.RowOf(c, o);
                if (row >= 0 && sameByRow[o] && firstOf[row] > 0)
                {
                    draft.Copy(drafts[firstOf[row] - 1], owner);
                    continue;
                }
                if (row >= 0) firstOf[row] = c + 1;
                AddOwner(draft, owner, row, Open(owner, row, fetched, states, ref findings), fields, cutMs, states, ref findings);
            }
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
        Missing = 2,
    }

    /// <summary>A row's parts; a row that is not there, or that cannot be read, is missing from then on.</summary>
    PackedRow Open(OwnerPlan owner, int row, FetchedRows fetched, RowState[] states, ref Findings findings, bool indexed = false)
    {
        if (row < 0 || states[row].HasFlag(RowState.Missing)) return default;
        try
        {
            if (!fetched.Rows[row].IsEmpty) return new PackedRow(plan, owner, fetched.Rows[row].Span, indexed);
            states[row] |= RowState.Missing;
        }
        catch (InvalidDataException e)
        {
            Damaged(owner, row, e, states, ref findings);
        }
        return default;
    }

    void AddOwner(FeatureDraft draft, OwnerPlan owner, int row, PackedRow packed, in RequestFields fields, long cutMs, RowState[] states, ref Findings findings)
    {
        if (owner.Columns.Count == 0) return;
        if (row >= 0 && !states[row].HasFlag(RowState.Missing))
        {
            try
            {
                if (!builder.AddOwner(draft, owner, packed, fields, cutMs)) states[row] |= RowState.Stale;
                return;
            }
            catch (InvalidDataException e)
            {
                Damaged(owner, row, e, states, ref findings);
            }
        }
        builder.AddMissingOwner(draft, owner, fields);
    }

    // Bytes that no sink of ours wrote. The item is scored as if it were unknown; the metric and one log line tell.
    static void Damaged(OwnerPlan owner, int row, InvalidDataException e, RowState[] states, ref Findings findings)
    {
        states[row] |= RowState.Missing;
        findings.Damaged++;
        (findings.DamagedKind, findings.Damage) = (owner.Kind, e.Message);
    }

    static RequestFields FieldsOf(RankQuery query, int candidate) =>
        new(query.TimeMs, query.User, query.Candidates[candidate].Id, null, query.Candidates[candidate].Context ?? query.Context, Serving: true);

    /// <summary>Whether a column differs between candidates that share the owner.</summary>
    bool DependsOnCandidate(OwnerPlan owner, ColumnPlan column)
    {
        if (column.Aggregate is not { } aggregate) return false;
        foreach (KeyField field in owner.Keys[aggregate.Key].Crossed)
        {
            if (field.Kind == KeyFieldKind.Item) return true;
            if (field.Kind == KeyFieldKind.Context && plan.Spec.Context.GetAt(field.Context).Value.Per == ContextScope.Candidate) return true;
        }
        return false;
    }
}
