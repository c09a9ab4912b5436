namespace Ranking.Features.Spec;

/// <summary>Where a value comes from.</summary>
/// <param name="Scope"><c>user</c>, <c>item</c>, <c>context</c>, or a context field of type id that names a kind of entity.</param>
/// <param name="Path">A context field, or the path of a field in the entity's document (dots go into objects); null is the id itself.</param>
public sealed record FieldRef(string Scope, string? Path = null)
{
    /// <summary>Parses <c>user</c>, <c>item</c>, <c>context.FIELD</c>, <c>KIND.PATH</c>; a bare other name is a context field.</summary>
    public static FieldRef Parse(string text)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0) return new(text[..dot], text[(dot + 1)..]);
        return text is "user" or "item" ? new(text) : new("context", text);
    }

    /// <summary>Whether <see cref="Parse"/> understands <paramref name="text"/>: names with dots between them.</summary>
    public static bool IsWellFormed(string text) => text.Length is > 0 and <= 256 && text.Split('.').All(s => s.Length > 0 && !s.Any(char.IsControl) && s.Trim() == s);

    /// <summary>Whether this is the id of the user or item, not a field of something.</summary>
    public bool IsId => Path is null;

    /// <summary>Whether this is a field of an entity's document.</summary>
    public bool IsDocument => Path is not null && Scope != "context";

    /// <inheritdoc/>
    public override string ToString() => Path is null ? Scope : $"{Scope}.{Path}";
}
