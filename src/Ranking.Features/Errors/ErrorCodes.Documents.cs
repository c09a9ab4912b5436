namespace Ranking.Features.Errors;

#pragma warning disable CS1591 // Each code documents itself in its meaning and remedy.
public static partial class ErrorCodes
{
    public static readonly ErrorCode DocumentInvalid = new("RNK6001", "document is not JSON",
        "A document is not valid JSON, nested too deeply, or has more keys than the limit.",
        "The message gives the line and column.");

    public static readonly ErrorCode VectorFileInvalid = new("RNK6002", "vector file cannot be used",
        "A file of vectors or an index is damaged or of another form.",
        "Write it anew with `ranking encode` or `ranking index build`.");

    public static readonly ErrorCode EncoderDiffers = new("RNK6003", "another encoder",
        "Vectors were made with another seed, dimension, kind of keys or settings: comparing them would mean nothing.",
        "Encode both sides with the same settings.");

    public static readonly ErrorCode EncoderSettings = new("RNK6004", "encoder settings do not fit",
        "A setting of the encoder is outside what it allows, such as a dimension that is no multiple of 16.",
        "The message names the setting, the value and what is expected.");
}
