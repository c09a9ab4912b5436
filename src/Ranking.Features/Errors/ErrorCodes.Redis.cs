namespace Ranking.Features.Errors;

#pragma warning disable CS1591 // Each code documents itself in its meaning and remedy.
public static partial class ErrorCodes
{
    public static readonly ErrorCode RedisUnreachable = new("RNK3001", "Redis does not answer",
        "The server of `--redis` did not answer in time or closed the connection.",
        "Check the address and the network. The ranker serves on, marked `degraded`, until it is back.");

    public static readonly ErrorCode RedisRefused = new("RNK3002", "Redis refuses",
        "The server answered and refused: credentials, an access right, full memory, a command that it does not know.",
        "The message has the server's words.");

    public static readonly ErrorCode EvictionPolicy = new("RNK3003", "Redis evicts keys",
        "The server's maxmemory-policy is another than noeviction: it would drop feature rows without telling anybody.",
        "`CONFIG SET maxmemory-policy noeviction`, and the same in its configuration file.");

    public static readonly ErrorCode NoVectorSets = new("RNK3004", "no vector sets",
        "The server knows no VADD and VSIM, so documents cannot be searched; everything else works.",
        "Use Redis 8 or newer, or the embedded server.");

    public static readonly ErrorCode FilterInvalid = new("RNK3005", "filter cannot be read",
        "The filter of a similarity search is not of the form that is supported.",
        "The message gives the position and what was expected.");

    public static readonly ErrorCode StoredValueDamaged = new("RNK3006", "stored value is damaged",
        "A row, token or vector in Redis does not have the form that its format number says.",
        "Something else writes these keys: use a database of its own; rows are written again when the sink starts from the beginning.");
}
