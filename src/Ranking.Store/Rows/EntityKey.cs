namespace Ranking.Store.Rows;

/// <summary>Names a row.</summary>
/// <param name="Kind">Entity kind of the spec, such as <c>item</c>.</param>
/// <param name="Id">The entity's id, 1 to 512 bytes of UTF-8.</param>
public readonly record struct EntityKey(string Kind, string Id);
