using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ranking.Features.Spec.Reading;

/// <summary>
/// Reads YAML into nodes with places. A spec is plain data: anchors, aliases, tags and further documents are refused, and so is
/// what nests deeper or is larger than any spec needs, before it costs memory or stack.
/// </summary>
sealed class YamlTree
{
    const int MostCharacters = 1 << 20, MostDepth = 16, MostNodes = 50_000;

    readonly string file;
    readonly SpecErrors errors;
    readonly Parser parser;
    int nodes;

    YamlTree(string text, string file, SpecErrors errors) => (this.file, this.errors, parser) = (file, errors, new Parser(new StringReader(text)));

    /// <summary>The tree of <paramref name="text"/>, or null with an error where there is none.</summary>
    public static SpecNode? Read(string text, string file, SpecErrors errors)
    {
        var start = new Place(file, 1, 1);
        if (text.Length > MostCharacters)
        {
            errors.Add(start, $"{text.Length} characters", $"a spec of at most {MostCharacters}");
            return null;
        }
        try
        {
            return new YamlTree(text, file, errors).ReadDocument(start);
        }
        catch (Refused)
        {
            return null; // its error is collected
        }
        catch (YamlException e)
        {
            Mark at = e.End.Index > e.Start.Index ? e.End : e.Start;
            errors.Add(new(file, (int)Math.Max(1, at.Line), (int)Math.Max(1, at.Column)), $"unreadable YAML ({Sentence(e.Message)})", "valid YAML");
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException or OverflowException or NullReferenceException)
        {
            // YamlDotNet's scanner fails so on some broken input: found by the tests that flip bytes. It does not say where.
            errors.Add(start, $"unreadable YAML ({Sentence(e.Message)})", "valid YAML");
            return null;
        }
    }

    static string Sentence(string message) => ScalarNode.Quote(message.ReplaceLineEndings(" ").TrimEnd('.')).Trim('"');

    SpecNode? ReadDocument(Place start)
    {
        Next<StreamStart>();
        if (!parser.MoveNext() || parser.Current is not DocumentStart)
        {
            errors.Add(start, "nothing", "a map");
            return null;
        }
        parser.MoveNext();
        SpecNode root = ReadNode(1);
        Next<DocumentEnd>();
        if (parser.MoveNext() && parser.Current is DocumentStart second) throw Refuse(second.Start, "a second document", "one document");
        return root;
    }

    void Next<T>() where T : ParsingEvent
    {
        if (!parser.MoveNext() || parser.Current is not T)
            throw Refuse(parser.Current?.Start ?? Mark.Empty, parser.Current?.GetType().Name ?? "the end", typeof(T).Name);
    }

    /// <summary>Reads the node that begins at the current event and stops at its last one.</summary>
    SpecNode ReadNode(int depth)
    {
        if (parser.Current is AnchorAlias alias) throw Refuse(alias.Start, "an alias (*)", "the value itself: anchors and aliases are not used in a spec");
        if (parser.Current is not NodeEvent node) throw Refuse(parser.Current!.Start, parser.Current.GetType().Name, "a value");
        if (!node.Anchor.IsEmpty) throw Refuse(node.Start, "an anchor (&)", "a plain value: anchors and aliases are not used in a spec");
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific) throw Refuse(node.Start, $"the tag {ScalarNode.Quote(node.Tag.Value)}", "a plain value");
        if (depth > MostDepth) throw Refuse(node.Start, $"values nested deeper than {MostDepth}", "a flatter file");
        if (++nodes > MostNodes) throw Refuse(node.Start, $"more than {MostNodes} values", "a smaller file");
        Place place = PlaceOf(node.Start);
        return node switch
        {
            Scalar scalar => new ScalarNode(place, scalar.Value, scalar.Style == ScalarStyle.Plain),
            SequenceStart => new ListNode(place, ReadItems(depth)),
            _ => ReadMap(place, depth),
        };
    }

    List<SpecNode> ReadItems(int depth)
    {
        var items = new List<SpecNode>();
        while (parser.MoveNext() && parser.Current is not SequenceEnd) items.Add(ReadNode(depth + 1));
        return items;
    }

    MapNode ReadMap(Place place, int depth)
    {
        var map = new MapNode(place);
        while (parser.MoveNext() && parser.Current is not MappingEnd)
        {
            SpecNode key = ReadNode(depth + 1);
            parser.MoveNext();
            SpecNode value = ReadNode(depth + 1);
            if (key is not ScalarNode { IsNull: false } name) errors.Add(key.Place, $"{key.Description} as a key", "a name");
            else if (!map.Entries.TryAdd(name.Text, new(key.Place, value)))
                errors.Add(key.Place, $"the key {ScalarNode.Quote(name.Text)} again (first on line {map.Entries[name.Text].KeyPlace.Line})", "each key once");
        }
        return map;
    }

    Place PlaceOf(Mark mark) => new(file, (int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    Refused Refuse(Mark at, string found, string expected)
    {
        errors.Add(PlaceOf(at), found, expected);
        return new();
    }

    sealed class Refused : Exception;
}
