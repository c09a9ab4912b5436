namespace Ranking.Features.Spec.Reading;

/// <summary>Where something stands: a file, or <c>--set PATH</c>, with line and column from 1.</summary>
readonly record struct Place(string File, int Line, int Column);

/// <summary>A value of the YAML file with its place.</summary>
abstract class SpecNode(Place place)
{
    public Place Place { get; } = place;

    /// <summary>The value in the words of an error message.</summary>
    public abstract string Description { get; }
}

sealed class ScalarNode(Place place, string text, bool plain) : SpecNode(place)
{
    const int LongestShown = 60;

    public string Text { get; } = text;

    /// <summary>Nothing was written: YAML's null.</summary>
    public bool IsNull => plain && Text is "" or "~" or "null" or "Null" or "NULL";

    public override string Description => IsNull ? "nothing" : Quote(Text);

    /// <summary>Text between quotes, shortened, with control characters made visible.</summary>
    public static string Quote(string text)
    {
        string shown = text.Length <= LongestShown ? text : text[..LongestShown] + "…";
        return $"\"{string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString()))}\"";
    }
}

sealed class ListNode(Place place, IReadOnlyList<SpecNode> items) : SpecNode(place)
{
    public IReadOnlyList<SpecNode> Items { get; } = items;

    public override string Description => "a list";
}

sealed class MapNode(Place place) : SpecNode(place)
{
    public OrderedDictionary<string, MapEntry> Entries { get; } = new(StringComparer.Ordinal);

    public override string Description => "a map";
}

readonly record struct MapEntry(Place KeyPlace, SpecNode Value);
