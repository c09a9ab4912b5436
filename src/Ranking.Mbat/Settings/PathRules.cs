using System.Text;

namespace Ranking.Mbat;

/// <summary>The rules for key paths as a tree that a document is walked along; a node is its number.</summary>
internal sealed class PathRules
{
    /// <summary>No rule here or below.</summary>
    public const int None = -1;

    private readonly List<Node> _nodes = [];
    private readonly Dictionary<(int Node, ulong Key), int> _children = [];

    public PathRules(MbatSettings settings, KeyHashes keys)
    {
        Draft root = new();
        foreach (PathRule rule in settings.Paths)
        {
            Draft draft = root;
            foreach (JsonPathStep step in JsonPath.Parse(rule.Path))
            {
                string key = step.Kind == JsonPathStepKind.AnyKey ? "*" : "=" + step.Key;
                if (!draft.Children.TryGetValue(key, out Draft? child))
                    draft.Children.Add(key, child = new Draft());
                draft = child;
            }
            draft.Rule = rule;
        }
        ulong scaleSeed = new LeafHashes(settings.Seed).Number;
        Root = settings.Paths.Count == 0 ? None : Compile([root], settings, keys, scaleSeed);
    }

    /// <summary>The node of the document itself.</summary>
    public int Root { get; }

    public Node this[int node] => _nodes[node];

    public int Child(int node, ulong key)
    {
        if (node == None)
            return None;
        return _children.TryGetValue((node, key), out int child) ? child : _nodes[node].AnyKey;
    }

    // Drafts that apply to one path, the one with the most named keys first; "*" applies wherever a name does not.
    private int Compile(List<Draft> drafts, MbatSettings settings, KeyHashes keys, ulong scaleSeed)
    {
        if (drafts.Count == 0)
            return None;
        int number = _nodes.Count;
        _nodes.Add(null!);
        IReadOnlyList<double>? thresholds = drafts.Select(draft => draft.Rule?.Thresholds).FirstOrDefault(list => list is not null);
        Node node = new(
            drafts.Select(draft => draft.Rule?.Weight).FirstOrDefault(weight => weight is not null) ?? 1,
            drafts.Select(draft => draft.Rule?.Arrays).FirstOrDefault(mode => mode is not null) ?? settings.Arrays,
            thresholds is null ? null : new NumberScale([.. thresholds], settings.Dimension, scaleSeed));
        List<Draft> any = Named(drafts, "*").ToList();
        _nodes[number] = node with { AnyKey = Compile(any, settings, keys, scaleSeed) };
        foreach (string key in drafts.SelectMany(draft => draft.Children.Keys).Where(key => key != "*").Distinct().ToList())
        {
            int child = Compile([.. Named(drafts, key), .. any], settings, keys, scaleSeed);
            _children.Add((number, keys.Key(Encoding.UTF8.GetBytes(key[1..]))), child);
        }
        return number;
    }

    private static IEnumerable<Draft> Named(List<Draft> drafts, string key) =>
        drafts.Where(draft => draft.Children.ContainsKey(key)).Select(draft => draft.Children[key]);

    /// <summary>What holds at a path.</summary>
    public sealed record Node(double Weight, ArrayMode Arrays, NumberScale? Scale)
    {
        public int AnyKey { get; init; } = None;
    }

    private sealed class Draft
    {
        public Dictionary<string, Draft> Children { get; } = new(StringComparer.Ordinal);

        public PathRule? Rule { get; set; }
    }
}
