using System.Globalization;
using Ranking.Features.Spec.Reading;

namespace Ranking.Features.Spec.Checking;

/// <summary>Checks of features and of the tables that hold their ids.</summary>
sealed partial class SpecChecks
{
    const string Impression = "impression";
    const int MostBuckets = 1000;

    void CheckFeatures()
    {
        foreach ((string name, FeatureSpec feature) in spec.Features)
        {
            SpecNode Node(params ReadOnlySpan<object> path) => At(["features", name, .. path]);
            switch (feature)
            {
                case IdFeatureSpec f: CheckField(f.From, Node("from"), f.From is { Scope: "context", Path: FeatureDependencies.Position } ? Needs.Number : Needs.Id); break;
                case BucketFeatureSpec f: CheckField(f.From, Node("from"), Needs.Number); CheckBounds(f.Bounds, i => Node("bounds", i)); break;
                case MultiHotFeatureSpec f: CheckField(f.From, Node("from"), Needs.Ids); CheckNotPosition(f.From, Node("from")); break;
                case NumberFeatureSpec f: CheckField(f.From, Node("from"), Needs.Number); CheckScale(f.Scale, Node("scale")); CheckBy(f, Node("from"), Node("by")); break;
                case SequenceFeatureSpec f: CheckEventKind(f.Of, Node("of")); CheckKept(f.Field, Node("field")); break;
                case SinceFeatureSpec f: CheckEventKind(f.Of, Node("of")); CheckScale(f.Scale, Node("scale")); break;
                case AggregateFeatureSpec f: CheckAggregate(name, f); break;
                case MbatFeatureSpec f: CheckMbat(f, Node("from"), Node("dimension")); break;
                case TimeFeatureSpec: break;
            }
            CheckServing(feature, Node("from"), Node("serving"), Node());
        }
        CheckMbatSettings();
    }

    void CheckBounds(IReadOnlyList<double> bounds, Func<int, SpecNode> node)
    {
        for (int i = 1; i < bounds.Count; i++)
            if (bounds[i] <= bounds[i - 1])
                errors.Add(node(i).Place, $"{node(i).Description} after {node(i - 1).Description}", "bounds that ascend");
    }

    void CheckNotPosition(FieldRef from, SpecNode node)
    {
        if (from.IsId || from.IsDocument || from.Path != FeatureDependencies.Position) return;
        errors.Add(node.Place, node.Description, "a field that holds a list of ids");
    }

    void CheckScale(double scale, SpecNode node)
    {
        if (scale == 0) errors.Add(node.Place, node.Description, "a scale other than 0: the feature would be constant");
    }

    void CheckBy(NumberFeatureSpec feature, SpecNode from, SpecNode by)
    {
        if (feature.By is null) return;
        if (!feature.From.IsDocument) errors.Add(from.Place, from.Description, "a field of a document beside \"by\": an object of numbers");
        CheckKey(feature.By, by, "a look-up");
    }

    void CheckKept(FieldRef field, SpecNode node)
    {
        bool kept = field is { Scope: "item", Path: null } || !field.IsId && !field.IsDocument && field.Path != FeatureDependencies.Position;
        if (!kept) errors.Add(node.Place, node.Description, "item or a context field of type id: this is what a user's events keep");
        else CheckField(field, node, Needs.Id);
    }

    void CheckMbat(MbatFeatureSpec feature, SpecNode from, SpecNode dimension)
    {
        FieldRef entity = feature.From;
        if (entity.IsDocument) errors.Add(from.Place, from.Description, "a kind of entity: the whole document becomes the vector");
        else CheckDocument(entity.IsId ? entity.Scope : entity.Path!, from);
        if (feature.Dimension % 16 != 0) errors.Add(dimension.Place, dimension.Description, "a multiple of 16");
    }

    void CheckMbatSettings()
    {
        try
        {
            spec.Mbat.Settings.Validate();
        }
        catch (ArgumentException e) when (e.Message.Split(": ", 2) is [string field, string text] && text.Split(" was given, ", 2) is [string found, string expected])
        {
            SpecNode node = At("mbat", field.Split('.', '[')[0]);
            errors.Add(node.Place, node is ScalarNode ? node.Description : $"{field}: {found}", expected.Replace(" is expected", "", StringComparison.Ordinal));
        }
    }

    void CheckServing(FeatureSpec feature, SpecNode from, SpecNode serving, SpecNode whole)
    {
        bool position = FromOf(feature) is { Scope: "context", Path: FeatureDependencies.Position };
        if (feature.TrainingOnly && feature.Serving is null)
            errors.Add(whole.Place, "no \"serving\" for a training_only feature", "the constant that serving uses");
        if (!feature.TrainingOnly && feature.Serving is not null)
            errors.Add(serving.Place, "\"serving\" for a feature that serving computes", "training_only: true beside it, or none");
        if (!feature.TrainingOnly && position)
            errors.Add(from.Place, from.Description, "training_only: true and serving beside it: the position is known only after ranking");
        if (feature.Serving is { } text && feature is NumberFeatureSpec or BucketFeatureSpec && !(double.TryParse(feature.Serving, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)))
            errors.Add(serving.Place, serving.Description, "a number");
    }

    static FieldRef? FromOf(FeatureSpec feature) => feature switch
    {
        IdFeatureSpec f => f.From,
        BucketFeatureSpec f => f.From,
        NumberFeatureSpec f => f.From,
        _ => null,
    };

    void CheckAggregate(string name, AggregateFeatureSpec feature)
    {
        SpecNode Node(params ReadOnlySpan<object> path) => At(["features", name, .. path]);
        for (int i = 0; i < feature.Key.Count; i++) CheckKey(feature.Key[i], Node("key", i), "an aggregate");
        CheckDistinct(feature.Key, i => Node("key", i));
        CheckEventKind(feature.Count, Node("count"));
        CheckEventKind(feature.Over, Node("over"));
        CheckDistinct(feature.Windows, i => Node("windows", i));
        CheckDistinct(feature.As, i => Node("as", i));
        bool rate = feature.As.Contains(AggregatePart.Rate), logit = feature.As.Contains(AggregatePart.LogitRate);
        if ((rate || logit) && feature.Count == feature.Over)
            errors.Add(Node("count").Place, $"{Node("count").Description} over itself, a rate that is always 1", "another kind of event, or as: [log_count]");
        if ((rate || logit) && feature.Strength == 0)
            errors.Add(Node("strength").Place, Node("strength").Description, "a strength above 0: a rate over nothing must have a value");
        if (logit && feature.Prior is <= 0 or >= 1)
            errors.Add(Node("prior").Place, feature.Prior == 0 ? "a prior of 0" : Node("prior").Description, "a prior above 0 and below 1 for logit_rate");
        for (int i = 0; i < feature.Windows.Count; i++) CheckWindow(feature, feature.Windows[i], Node("windows", i));
    }

    void CheckWindow(AggregateFeatureSpec feature, WindowSpec window, SpecNode node)
    {
        if (window.Length is not { } length) return;
        if (feature.Bucket is not { } bucket)
        {
            if (length.Ticks % (24 * TimeSpan.TicksPerMillisecond) != 0)
                errors.Add(node.Place, node.Description, "a window whose 24th is a whole number of milliseconds, or a bucket");
        }
        else if (length.Ticks % bucket.Ticks != 0)
            errors.Add(node.Place, node.Description, $"a multiple of the bucket, {SpecScalar.Write(bucket)}");
        else if (length.Ticks / bucket.Ticks > MostBuckets)
            errors.Add(node.Place, $"{node.Description}, {length.Ticks / bucket.Ticks} buckets", $"at most {MostBuckets} buckets in a window");
    }

    void CheckTables()
    {
        if (spec.Features is null || spec.Features.Count < Names("features").Count) return; // not all tables are known
        string[] used = [.. spec.Features.Where(f => f.Value is IdsFeatureSpec).Select(f => ((IdsFeatureSpec)f.Value).Table ?? f.Key).Distinct(), "default"];
        foreach (string table in Names("tables"))
            if (!used.Contains(table))
                errors.Add(KeyAt("tables", table), $"a table {ScalarNode.Quote(table)} that no feature uses", NearestName.Expected("a feature's table", table, used));
    }
}
