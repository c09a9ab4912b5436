using Ranking.Features.Aggregates;
using Ranking.Features.Examples;
using Ranking.Features.Rows;
using Ranking.Features.Spec;
using Ranking.Models.Scoring;

namespace Ranking.Serving.Ranking;

/// <summary>Turns a request and its rows into one example a candidate, by the builder that pipeline and training use too.</summary>
internal sealed class Assembler
{
    /// <summary>Candidates that a thread takes at a time.</summary>
    const int Part = 50;

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
        var examples = new FeatureVector[query.Candidates.Count];
        var found = new Rows(fetch, fetched);
        if (examples.Length > 0)
        {
            int parts = (examples.Length + Part - 1) / Part;
            SpareThreads.Run(parts, part => Assemble(query, found, examples, part * Part, Math.Min(examples.Length, (part + 1) * Part)));
        }
        for (int row = 0; row < fetched.Rows.Length; row++)
        {
            if (fetched.Rows[row].IsEmpty) findings.Missing++;
            else findings.Found++;
            if (found.States[row] == RowState.Stale) findings.Stale++;
            if (found.States[row] == RowState.Damaged) findings.Damaged++;
        }
        (findings.DamagedKind, findings.Damage) = found.Damage ?? default;
        return examples;
    }

    void Assemble(RankQuery query, Rows rows, FeatureVector[] examples, int first, int end)
    {
        long cutMs = builder.CutOf(query.TimeMs);
        var firstOf = new Dictionary<int, FeatureDraft>(); // of each row that has one: the first candidate's draft with it
        int userRow = rows.Fetch.RowOf(0, 0);
        PackedRow user = Open(plan.User, userRow, rows, indexed: userEach.Columns.Length > 0);
        var shared = new FeatureDraft(plan);
        AddOwner(shared, userOnce, userRow, user, FieldsOf(query, first), cutMs, rows);
        for (int c = first; c < end; c++)
        {
            RequestFields fields = FieldsOf(query, c);
            FeatureDraft draft = shared.Clone();
            builder.AddRequest(draft, fields);
            AddOwner(draft, userEach, userRow, user, fields, cutMs, rows);
            for (int o = 1; o < plan.Owners.Length; o++)
            {
                OwnerPlan owner = plan.Owners[o];
                int row = rows.Fetch.RowOf(c, o);
                if (row >= 0 && sameByRow[o] && !firstOf.TryAdd(row, draft)) draft.Copy(firstOf[row], owner);
                else AddOwner(draft, owner, row, Open(owner, row, rows), fields, cutMs, rows);
            }
            examples[c] = draft.Build();
        }
    }

    enum RowState : byte
    {
        Whole = 0,
        Stale,
        Missing,
        Damaged,
    }

    /// <summary>A request's rows and what was found of them; parts of the request may find the same at once.</summary>
    sealed record Rows(FetchPlan Fetch, FetchedRows Fetched)
    {
        public RowState[] States { get; } = new RowState[Fetched.Rows.Length];

        public (string Kind, string What)? Damage { get; set; }
    }

    /// <summary>A row's parts; a row that is not there, or that cannot be read, is missing from then on.</summary>
    PackedRow Open(OwnerPlan owner, int row, Rows rows, bool indexed = false)
    {
        if (row < 0 || rows.States[row] >= RowState.Missing) return default;
        try
        {
            if (!rows.Fetched.Rows[row].IsEmpty) return new PackedRow(plan, owner, rows.Fetched.Rows[row].Span, indexed);
            rows.States[row] = RowState.Missing;
        }
        catch (InvalidDataException e)
        {
            Damaged(owner, row, e, rows);
        }
        return default;
    }

    void AddOwner(FeatureDraft draft, OwnerPlan owner, int row, PackedRow packed, in RequestFields fields, long cutMs, Rows rows)
    {
        if (owner.Columns.Length == 0) return;
        if (row >= 0 && rows.States[row] < RowState.Missing)
        {
            try
            {
                if (!builder.AddOwner(draft, owner, packed, fields, cutMs)) rows.States[row] = RowState.Stale;
                return;
            }
            catch (InvalidDataException e)
            {
                Damaged(owner, row, e, rows);
            }
        }
        builder.AddMissingOwner(draft, owner, fields);
    }

    // Bytes that no sink of ours wrote. The item is scored as if it were unknown; the metric and one log line tell.
    static void Damaged(OwnerPlan owner, int row, InvalidDataException e, Rows rows)
    {
        rows.States[row] = RowState.Damaged;
        lock (rows) rows.Damage = (owner.Kind, e.Message);
    }

    static RequestFields FieldsOf(RankQuery query, int candidate) =>
        new(query.TimeMs, query.User, query.Candidates[candidate].Id, null, query.Candidates[candidate].Context ?? query.Context, Serving: true);

    /// <summary>Whether a column differs between candidates that share the owner.</summary>
    bool DependsOnCandidate(OwnerPlan owner, ColumnPlan column)
    {
        foreach (KeyField field in column.Aggregate is { } aggregate ? owner.Keys[aggregate.Key].Crossed : column.By is { } by ? [by] : [])
        {
            if (field.Kind == KeyFieldKind.Item) return true;
            if (field.Kind == KeyFieldKind.Context && plan.Spec.Context.GetAt(field.Context).Value.Per == ContextScope.Candidate) return true;
        }
        return false;
    }
}
