namespace Ranking.Store.Vectors;

/// <summary>What is stored of a document.</summary>
/// <param name="Id">The entity's id.</param>
/// <param name="Vector">D floats; normalised when stored.</param>
/// <param name="Attributes">What filters see, from <see cref="DocumentAttributes.Of"/>.</param>
public sealed record VectorDocument(string Id, ReadOnlyMemory<float> Vector, string Attributes = "{\"t\":[]}");
