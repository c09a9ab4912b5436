using Ranking.Features.Spec.Reading;

namespace Ranking.Features.Spec.Checking;

/// <summary>Checks of groups and of the model's shape.</summary>
sealed partial class SpecChecks
{
    void CheckGroups()
    {
        foreach ((string name, GroupSpec group) in spec.Groups)
        {
            CheckDistinct(group.Features, i => At("groups", name, "features", i));
            for (int i = 0; i < group.Features.Count; i++)
            {
                SpecNode node = At("groups", name, "features", i);
                if (!Declares("features", group.Features[i]))
                    errors.Add(node.Place, node.Description, NearestName.Expected("a feature", group.Features[i], Names("features")));
                else if (spec.Features.TryGetValue(group.Features[i], out FeatureSpec? feature))
                    CheckSide(group.Side, feature, node);
            }
        }
    }

    void CheckSide(Side side, FeatureSpec feature, SpecNode node)
    {
        Dependencies all = FeatureDependencies.Of(spec, feature);
        if (side == Side.Item && feature is AggregateFeatureSpec)
            errors.Add(node.Place, $"{node.Description}, an aggregate", "static features of the item in a group of side item: its token is cached");
        else if (side == Side.Item && all != Dependencies.Item)
            errors.Add(node.Place, $"{node.Description}, which depends on {Words(all & ~Dependencies.Item)}", "static features of the item in a group of side item: its token is cached");
        else if (side == Side.User && (all & (Dependencies.Item | Dependencies.Candidate)) is not Dependencies.None and var candidate)
            errors.Add(node.Place, $"{node.Description}, which depends on {Words(candidate)}", "features that are the same for all candidates in a group of side user");
    }

    static string Words(Dependencies dependencies) => string.Join(" and ", new (Dependencies Flag, string Words)[]
    {
        (Dependencies.User, "the user"), (Dependencies.Item, "the item"), (Dependencies.Request, "the request"),
        (Dependencies.Candidate, "the candidate"), (Dependencies.Events, "events"),
    }.Where(w => dependencies.HasFlag(w.Flag)).Select(w => w.Words));

    void CheckModel()
    {
        ModelSpec model = spec.Model;
        if (model.Kind != "tokenmixer-large") return;
        if (model.D % model.H != 0)
            errors.Add(At("model", "h").Place, $"H = {model.H} with D = {model.D}", "an H that divides D");
        if (model.Experts == 0)
        {
            if (model.Active != 0) errors.Add(At("model", "active").Place, $"{model.Active} active experts of none", "experts beside it, or active: 0");
            return;
        }
        if (model.Active < 2 || model.Active > model.Experts)
            errors.Add(At("model", "active").Place, $"{model.Active} active experts", $"2 (the shared one and a routed one) to {model.Experts}, the number of experts");
        if (spec.Groups is null || spec.Groups.Count < Names("groups").Count || model.D % model.H != 0) return;
        int mixed = (spec.Groups.Count + 1) * model.D / model.H; // the global token is one more
        foreach ((string what, int width) in new[] { ("a token", model.D), ("a mixed token", mixed) })
        {
            double hidden = model.N * width;
            if (hidden % model.Experts != 0)
                errors.Add(At("model", "experts").Place, $"{model.Experts} experts for a hidden width of n · {width} = {hidden} of {what}", "a number of experts that divides it");
        }
    }
}
