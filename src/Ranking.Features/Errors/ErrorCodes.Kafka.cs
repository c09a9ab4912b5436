namespace Ranking.Features.Errors;

#pragma warning disable CS1591 // Each code documents itself in its meaning and remedy.
public static partial class ErrorCodes
{
    public static readonly ErrorCode KafkaUnreachable = new("RNK2001", "Kafka does not answer",
        "No broker of `--kafka` answered in time; the message says what was tried.",
        "Check the address, the network, and that the broker advertises an address that this machine reaches.");

    public static readonly ErrorCode KafkaRefused = new("RNK2002", "Kafka refuses",
        "The broker answered and refused: credentials, an access right, a setting of `--kafka-config`, a record that is too large.",
        "The message has the broker's words.");

    public static readonly ErrorCode PartitionsDiffer = new("RNK2003", "partition counts do not fit",
        "All topics of a problem must have the same number of partitions, a power of two up to 64.",
        "`ranking topics list` shows them; create the topics anew with equal counts.");

    public static readonly ErrorCode LogGap = new("RNK2004", "gap in the log",
        "The position lies below the start of the log: records that were never read have been deleted by retention.",
        "The message counts them. Lengthen the topic's retention; a loss is never skipped silently, so start again from raw logs or in a new namespace.");

    public static readonly ErrorCode TimeHeldBack = new("RNK2005", "time does not move",
        "A partition of a source topic has no events, so event time stands still and no window closes.",
        "The message names the topic-partition. Use `--live`, let `replay` send its heartbeats, or give every partition events.");

    public static readonly ErrorCode StateDiffers = new("RNK2006", "state and changelog disagree",
        "The restored state does not end where the committed changelog does.",
        "Delete the member's state folder and start it again: the state is rebuilt from the changelog.");

    public static readonly ErrorCode TopicUnknown = new("RNK2007", "no such topic",
        "The problem has no topic of that name, or the broker does not know it yet.",
        "`ranking topics list` shows the names.");

    public static readonly ErrorCode StateInUse = new("RNK2008", "state folder in use",
        "Another process has this member's state open: two members of one name on one machine.",
        "Give each member a `--member` name of its own, or end the other one.");

    public static readonly ErrorCode MemberNameTaken = new("RNK2009", "member's name taken",
        "Another process joined the group under this member's name; it has its partitions now, and this one has written nothing since.",
        "Give each member a `--member` name of its own.");

    public static readonly ErrorCode RecordUnreadable = new("RNK2101", "record cannot be read",
        "A dead letter: the bytes are no MessagePack or JSON of the topic's form, or of an unknown version.",
        "`ranking dead show` has the bytes and the reason; correct the producer, then `ranking dead retry`.");

    public static readonly ErrorCode FieldInvalid = new("RNK2102", "field of a record is missing or wrong",
        "A dead letter: a field lacks, has another type, an id is empty or longer than 512 bytes, a time has no offset.",
        "The reason names the field, the value and what was expected.");

    public static readonly ErrorCode WrongPartition = new("RNK2103", "record in the wrong partition",
        "A dead letter: the producer does not partition by murmur2 of the id as Java clients do.",
        "Set `partitioner=murmur2_random` (librdkafka's default is another), then `ranking dead retry`.");

    public static readonly ErrorCode IdentityConflict = new("RNK2104", "same identity, other content",
        "A dead letter: an event with the same time, user, request id and item has come before with other content.",
        "The first one counts. Give each impression a request id of its own.");

    public static readonly ErrorCode TimeTooFarAhead = new("RNK2105", "event from the future",
        "A dead letter: the event's time is further ahead of its record's time stamp than the setting allows; it would move time for everybody.",
        "Correct the producer's clock.");

    public static readonly ErrorCode Late = new("RNK2106", "late event",
        "The event came after its time had passed by more than the allowed lateness; it lies in the `.late` topic.",
        "Choose a larger `lateness` in the spec if many are late (and a `delay` above it).");
}
