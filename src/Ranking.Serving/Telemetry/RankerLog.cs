using Microsoft.Extensions.Logging;

namespace Ranking.Serving.Telemetry;

/// <summary>Every line that the ranker logs: starts, swaps and trouble. Bodies, ids and documents are never logged.</summary>
internal static partial class RankerLog
{
    [LoggerMessage(1, LogLevel.Information, "serving {Model} after {Milliseconds:0} ms of loading and warming up")]
    public static partial void Swapped(this ILogger log, string model, double milliseconds);

    [LoggerMessage(2, LogLevel.Error, "{Model} is refused, {Old} goes on serving: {Reason}")]
    public static partial void Refused(this ILogger log, string model, string old, string reason);

    [LoggerMessage(3, LogLevel.Warning, "the registry cannot be read, what serves goes on: {Reason}")]
    public static partial void RegistryUnreadable(this ILogger log, string reason);

    [LoggerMessage(4, LogLevel.Warning, "Redis is away, answers are degraded: {Reason}")]
    public static partial void RedisAway(this ILogger log, string reason);

    [LoggerMessage(5, LogLevel.Information, "Redis is back")]
    public static partial void RedisBack(this ILogger log);

    [LoggerMessage(6, LogLevel.Error, "a request failed (RNK0099): {Method} {Path}")]
    public static partial void RequestFailed(this ILogger log, string method, string path, Exception e);

    [LoggerMessage(7, LogLevel.Warning, "a row of {Kind} in Redis is damaged and was taken as missing: {Reason}")]
    public static partial void RowDamaged(this ILogger log, string kind, string reason);

    [LoggerMessage(8, LogLevel.Information, "http on {Http}, admin on {Admin}")]
    public static partial void Listening(this ILogger log, string http, string admin);

    [LoggerMessage(9, LogLevel.Warning, "Redis has maxmemory-policy {Policy} and may drop rows without telling anybody; expected noeviction (RNK3003)")]
    public static partial void Evicts(this ILogger log, string policy);

    [LoggerMessage(10, LogLevel.Information, "{Count} vectors of {File} are searched now")]
    public static partial void VectorsTaken(this ILogger log, long count, string file);

    [LoggerMessage(12, LogLevel.Warning, "what is served cannot be written to Kafka, requests are ranked all the same: {Reason}")]
    public static partial void ServedNotWritten(this ILogger log, string reason);

    [LoggerMessage(11, LogLevel.Warning, "the file of vectors is refused, the old one serves: {Reason}")]
    public static partial void VectorsRefused(this ILogger log, string reason);
}
