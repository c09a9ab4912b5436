using System.Net.Sockets;
using Confluent.Kafka;
using Ranking.Client;
using Ranking.Features.Errors;
using Ranking.Mbat;
using Ranking.Streams.Contracts;

namespace Ranking.Cli.Output;

/// <summary>Which stable code an exception has, and its one line. Libraries that know the catalogue throw it; the rest is mapped here.</summary>
internal static class Failures
{
    /// <summary>The exception that says what happened, out of whatever wraps it.</summary>
    public static Exception Root(Exception exception) => exception switch
    {
        AggregateException { InnerException: { } inner } => Root(inner),
        TypeInitializationException { InnerException: { } inner } => Root(inner),
        System.Reflection.TargetInvocationException { InnerException: { } inner } => Root(inner),
        _ => exception,
    };

    /// <summary>The code and the line of an exception.</summary>
    public static (Features.Errors.ErrorCode Error, string Message) Describe(Exception exception)
    {
        Exception root = Root(exception);
        Features.Errors.ErrorCode error = root switch
        {
            RankingException known => known.Error,
            MbatFormatException => ErrorCodes.DocumentInvalid,
            RankingClientException { Problem.Code: { } code } => ErrorCodes.All.FirstOrDefault(c => c.Code == code) ?? ErrorCodes.RankerUnreachable,
            RankingClientException => ErrorCodes.RankerUnreachable,
            MessageFormatException => ErrorCodes.RecordUnreadable,
            KafkaException { Error.Code: Confluent.Kafka.ErrorCode.OffsetOutOfRange or Confluent.Kafka.ErrorCode.Local_AutoOffsetReset } => ErrorCodes.LogGap,
            KafkaException { Error.IsLocalError: true } => ErrorCodes.KafkaUnreachable,
            KafkaException => ErrorCodes.KafkaRefused,
            InvalidDataException => ErrorCodes.VectorFileInvalid,
            FileNotFoundException or DirectoryNotFoundException => ErrorCodes.FileNotFound,
            DllNotFoundException or EntryPointNotFoundException or BadImageFormatException => ErrorCodes.NativeLibrary,
            SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => ErrorCodes.PortTaken,
            IOException { InnerException: SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } } => ErrorCodes.PortTaken,
            HttpRequestException => ErrorCodes.RankerUnreachable,
            UnauthorizedAccessException or IOException => ErrorCodes.FileNotUsable,
            OutOfMemoryException => ErrorCodes.OutOfMemory,
            _ => ErrorCodes.Internal,
        };
        if (root is RankingClientException { Problem: { } problem }) return (error, problem.Detail ?? problem.Title ?? root.Message);
        string message = error == ErrorCodes.Internal ? $"{root.GetType().Name}: {root.Message}" : root.Message;
        return (error, message);
    }
}
