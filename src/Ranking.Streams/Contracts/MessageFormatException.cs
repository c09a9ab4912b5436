using Ranking.Features.Errors;

namespace Ranking.Streams.Contracts;

/// <summary>A message that cannot be used: of a newer version, cut short, or with a field of another type.</summary>
public sealed class MessageFormatException(ErrorCode error, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>A message that cannot be read.</summary>
    public MessageFormatException(string message, Exception? inner = null) : this(ErrorCodes.RecordUnreadable, message, inner) { }

    /// <summary>Kind of failure, as dead letters name it.</summary>
    public ErrorCode Error => error;
}
