using System.Globalization;
using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Rows;
using Ranking.Features.Spec;

namespace Ranking.Features.Examples;

/// <summary>
/// Computes every feature, from what an impression says and what its owners know as of the cut. Pipeline, files and ranker call
/// this same code: it is what keeps training and serving apart by nothing.
/// </summary>
public sealed class FeatureBuilder(FeaturePlan plan)
{
    static readonly string[] NoIds = [];
    static readonly string[] Numerals = [.. Enumerable.Range(0, 1024).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    /// <summary>The spec, resolved.</summary>
    public FeaturePlan Plan => plan;

    /// <summary>Features are cut at a time less the delay.</summary>
    public long CutOf(long timeMs) => timeMs - plan.DelayMs;

    /// <summary>Writes the columns that the impression or request itself holds.</summary>
    public void AddRequest(FeatureDraft draft, in RequestFields fields)
    {
        foreach (ColumnPlan column in plan.RequestColumns) Add(draft, column, ValueOf(column.Spec, column.Context, fields), fields);
    }

    /// <summary>Writes the columns that an owner knows, as of a cut.</summary>
    /// <returns>Whether the view holds all that the cut needs; if not, the columns were computed all the same, from what it has.</returns>
    public bool AddOwner<TView>(FeatureDraft draft, OwnerPlan owner, TView view, in RequestFields fields, long cutMs) where TView : IEntityView, allows ref struct
    {
        bool whole = view.Holds(cutMs);
        foreach (KeyAggregates of in owner.Aggregates)
        {
            KeyFound found = fields.Keys.Cross(of.Key.Crossed) is { } crossed ? view.WriteAggregates(of, crossed, cutMs, draft) : KeyFound.No;
            if (found == KeyFound.InPart) whole = false;
            else if (found == KeyFound.No)
                foreach (ColumnPlan column in of.Columns) AggregateFormula.WriteMissing(column.Aggregate!, draft.NumbersOf(column.Column));
        }
        FieldValue[]? document = owner.ReadsDocument ? view.Document(cutMs) : null;
        foreach (ColumnPlan column in owner.Values)
        {
            switch (column.Spec)
            {
                case SequenceFeatureSpec sequence:
                    draft[column.Column] = view.Recent(column.Recent, sequence.Length, cutMs);
                    break;
                case SinceFeatureSpec since:
                    double seconds = view.LastBefore(column.Recent, cutMs) is { } last ? (fields.TimeMs - last) / 1000.0 : since.Missing;
                    draft.NumbersOf(column.Column)[0] = (float)((AggregateFormula.Log1p(seconds) - since.Mean) * since.Scale);
                    break;
                default:
                    FieldValue value = document is null ? FieldValue.Missing : document[column.Document];
                    if (column.By is { } by) value = value.NumbersById?[fields.Keys.Of(by)] is { } number ? FieldValue.Of(number) : FieldValue.Missing;
                    Add(draft, column, value, fields);
                    break;
            }
        }
        return whole;
    }

    /// <summary>Writes an owner's columns where nothing is known of it, or its id is missing.</summary>
    public void AddMissingOwner(FeatureDraft draft, OwnerPlan owner, in RequestFields fields) => AddOwner(draft, owner, new Nothing(), fields, CutOf(fields.TimeMs));

    static FieldValue ValueOf(FeatureSpec spec, int context, in RequestFields fields)
    {
        if (context >= 0) return context < fields.Context.Length ? fields.Context[context] : FieldValue.Missing;
        FieldRef? from = spec switch { IdFeatureSpec f => f.From, BucketFeatureSpec f => f.From, NumberFeatureSpec f => f.From, _ => null };
        return from switch
        {
            null => FieldValue.Missing,
            { Scope: "user", Path: null } => FieldValue.Of(fields.User),
            { Scope: "item", Path: null } => FieldValue.Of(fields.Item),
            { Scope: "context", Path: "position" } when fields.Position is { } position => spec is IdFeatureSpec ? FieldValue.Of(Numeral(position)) : FieldValue.Of(position),
            _ => FieldValue.Missing,
        };
    }

    void Add(FeatureDraft draft, ColumnPlan column, FieldValue value, in RequestFields fields)
    {
        FeatureSpec spec = column.Spec;
        if (spec.TrainingOnly && fields.Serving) value = Constant(spec);
        switch (spec)
        {
            case IdFeatureSpec id:
                draft[column.Column] = (value.Id ?? id.Missing) is { } one ? [one] : NoIds;
                break;
            case BucketFeatureSpec bucket:
                draft[column.Column] = (value.Number ?? bucket.Missing) is { } x ? [Numeral(BucketOf(bucket.Bounds, x))] : NoIds;
                break;
            case MultiHotFeatureSpec multi:
                string[] ids = value.Ids ?? (value.Id is { } single ? [single] : NoIds);
                draft[column.Column] = ids.Length <= multi.Length ? ids : ids[..multi.Length];
                break;
            case TimeFeatureSpec time:
                draft[column.Column] = [Numeral(PartOf(time.Part, fields.TimeMs))];
                break;
            case NumberFeatureSpec number:
                double raw = value.Number ?? number.Missing;
                double transformed = number.Transform switch
                {
                    Transform.Log1p => AggregateFormula.Log1p(raw),
                    Transform.Logit => AggregateFormula.Logit(raw),
                    _ => raw,
                };
                draft.NumbersOf(column.Column)[0] = (float)((transformed - number.Mean) * number.Scale);
                break;
            case MbatFeatureSpec:
                if (value.Vector is { } vector) vector.CopyTo(draft.NumbersOf(column.Column));
                else draft.NumbersOf(column.Column).Clear();
                break;
            default:
                throw new InvalidOperationException($"a {spec.GetType().Name} is not a value of one field");
        }
    }

    static FieldValue Constant(FeatureSpec spec) => spec.Serving is null ? FieldValue.Missing
        : spec is IdFeatureSpec ? FieldValue.Of(spec.Serving)
        : FieldValue.Of(double.Parse(spec.Serving, CultureInfo.InvariantCulture));

    static int BucketOf(IReadOnlyList<double> bounds, double x)
    {
        int low = 0, high = bounds.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (bounds[middle] <= x) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    int PartOf(TimePart part, long timeMs)
    {
        DateTime local = DateTime.UnixEpoch.AddMilliseconds(timeMs) + plan.Spec.TimeZone;
        return part switch { TimePart.Hour => local.Hour, TimePart.DayOfWeek => (int)local.DayOfWeek, _ => (int)local.DayOfWeek * 24 + local.Hour };
    }

    static string Numeral(int n) => (uint)n < (uint)Numerals.Length ? Numerals[n] : n.ToString(CultureInfo.InvariantCulture);

    readonly struct Nothing : IEntityView
    {
        public FieldValue[]? Document(long cutMs) => null;

        public bool Holds(long cutMs) => true;

        public KeyFound WriteAggregates(KeyAggregates of, string crossed, long cutMs, FeatureDraft draft) => KeyFound.No;

        public string[] Recent(int plan, int length, long cutMs) => NoIds;

        public long? LastBefore(int plan, long cutMs) => null;
    }
}
