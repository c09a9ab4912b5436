namespace Ranking.Features.Spec;

/// <summary>What the value of a feature depends on: this decides on which side its group can be computed.</summary>
[Flags]
public enum Dependencies
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>The user or the user's document.</summary>
    User = 1,
    /// <summary>The item or its document.</summary>
    Item = 2,
    /// <summary>The request: its time or a context field that holds for all candidates.</summary>
    Request = 4,
    /// <summary>What a candidate brings with it: its context fields, its position.</summary>
    Candidate = 8,
    /// <summary>Events: the value moves without any document changing.</summary>
    Events = 16,
}

/// <summary>Finds what features depend on.</summary>
public static class FeatureDependencies
{
    /// <summary>Name of the number that holds an impression's place in its list; only training knows it.</summary>
    public const string Position = "position";

    /// <summary>What a feature of <paramref name="spec"/> depends on.</summary>
    public static Dependencies Of(RankingSpec spec, FeatureSpec feature) => feature switch
    {
        IdFeatureSpec f => Of(spec, f.From),
        BucketFeatureSpec f => Of(spec, f.From),
        MultiHotFeatureSpec f => Of(spec, f.From),
        NumberFeatureSpec f => Of(spec, f.From) | (f.By is null ? Dependencies.None : Of(spec, f.By)),
        MbatFeatureSpec f => Of(spec, f.From),
        TimeFeatureSpec => Dependencies.Request,
        SinceFeatureSpec => Dependencies.User | Dependencies.Events,
        // Attention weighs the user's events by the candidate.
        SequenceFeatureSpec f => Dependencies.User | Dependencies.Events | (f.Pooling == Pooling.Din ? Dependencies.Item : Dependencies.None),
        AggregateFeatureSpec f => f.Key.Aggregate(Dependencies.Events, (d, key) => d | Of(spec, key)),
        _ => throw new ArgumentOutOfRangeException(nameof(feature), feature, null),
    };

    /// <summary>What a field depends on. Fields of the document of a context field depend on what that field depends on.</summary>
    public static Dependencies Of(RankingSpec spec, FieldRef field)
    {
        if (field.Scope == "user") return Dependencies.User;
        if (field.Scope == "item") return Dependencies.Item;
        string name = field.Scope == "context" ? field.Path! : field.Scope;
        if (name == Position && !spec.Context.ContainsKey(name)) return Dependencies.Candidate;
        return spec.Context.TryGetValue(name, out ContextFieldSpec? context) && context.Per == ContextScope.Candidate ? Dependencies.Candidate : Dependencies.Request;
    }
}
