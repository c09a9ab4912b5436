namespace Ranking.Streams.Contracts;

/// <summary>A message that cannot be read: of a newer version, cut short, or with a field of another type.</summary>
public sealed class MessageFormatException(string message, Exception? inner = null) : Exception(message, inner);
