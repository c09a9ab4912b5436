namespace Ranking.Features.Errors;

#pragma warning disable CS1591 // Each code documents itself in its meaning and remedy.
public static partial class ErrorCodes
{
    public static readonly ErrorCode RequestInvalid = new("RNK5001", "request cannot be used",
        "HTTP 400: a field of the request lacks, is unknown or has another type or range.",
        "The detail names the field, the value and what was expected.");

    public static readonly ErrorCode RequestTooLarge = new("RNK5002", "request is too large",
        "HTTP 413: the body or the number of candidates is over the server's limit.",
        "Send fewer candidates, or raise the limit that the detail names.");

    public static readonly ErrorCode Overloaded = new("RNK5003", "too many requests",
        "HTTP 429: more requests are waiting than the queue's limit; the server refuses instead of answering late.",
        "Retry after the time of the Retry-After header; add replicas if it lasts.");

    public static readonly ErrorCode NotReady = new("RNK5004", "not ready",
        "HTTP 503: no model is loaded and warm, or the server is stopping.",
        "Retry after the time of the Retry-After header; `/readyz` says what is missing.");

    public static readonly ErrorCode DeadlineExceeded = new("RNK5005", "deadline exceeded",
        "HTTP 504: the request's `deadline_ms` passed before it was scored.",
        "Send fewer candidates or a longer deadline; `/metrics` shows where the time goes.");

    public static readonly ErrorCode RetrievalUnavailable = new("RNK5006", "no retrieval",
        "HTTP 501: similar documents need vector sets, which the Redis server does not have, or the spec names no documents.",
        "Use Redis 8 or newer, or the embedded server.");

    public static readonly ErrorCode DocumentUnknown = new("RNK5007", "unknown document",
        "HTTP 404: no document of that id has a vector.",
        "Send its entity first, or search by `doc` or `vector`.");

    public static readonly ErrorCode MediaType = new("RNK5008", "media type not supported",
        "HTTP 415 or 406: bodies are application/json or application/x-msgpack.",
        "Set Content-Type and Accept to one of the two.");

    public static readonly ErrorCode NotFound = new("RNK5009", "no such resource",
        "HTTP 404 or 405: the server has no such path, or not for that method.",
        "/openapi/v1.json lists all paths.");

    public static readonly ErrorCode RankerUnreachable = new("RNK5010", "ranker does not answer",
        "The server of `--url` cannot be reached, answered too late or with something that is no answer of a ranker.",
        "Check the address; `curl URL/readyz` tells whether a ranker listens there.");
}
