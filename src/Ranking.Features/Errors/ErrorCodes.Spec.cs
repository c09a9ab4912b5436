namespace Ranking.Features.Errors;

#pragma warning disable CS1591 // Each code documents itself in its meaning and remedy.
public static partial class ErrorCodes
{
    public static readonly ErrorCode SpecInvalid = new("RNK1001", "mistake in the spec",
        "spec.yaml says something that cannot be meant: an unknown key, a wrong type, a missing or cyclic reference, a cacheable token made of an aggregate.",
        "The message gives file, line and column, what was found and what was expected; the JSON schema shows mistakes while typing.");

    public static readonly ErrorCode SpecNotFound = new("RNK1002", "no spec in the folder",
        "The folder of `--spec` does not exist or holds no spec.yaml.",
        "Give a folder such as features/kuairand; features/README.md shows how to write one.");

    public static readonly ErrorCode SourceSqlFailed = new("RNK1003", "SQL of a source fails",
        "DuckDB refuses the SQL that turns raw logs into events, or finds no file for it.",
        "The message has DuckDB's words and the file's name; run the file in DuckDB's own shell to try it.");

    public static readonly ErrorCode SourceColumns = new("RNK1004", "SQL yields other columns",
        "The SQL of a source lacks a column, has one too many, or one of another type than the spec says.",
        "Name and cast the columns as features/README.md lists them for that source.");

    public static readonly ErrorCode RawRowInvalid = new("RNK1005", "raw log row cannot be used",
        "A row of the raw log has no time, an empty id, an id longer than 512 bytes, or a value that its field's type does not allow.",
        "The message names source, row, field and value; correct or filter it in the SQL.");

    public static readonly ErrorCode FeatureHashDiffers = new("RNK1006", "another feature hash",
        "Data, a namespace or a model version was made with a spec whose events, labels, negatives, features or groups differ from this one.",
        "Use the spec that it was made with, or a new `--namespace`; model and training settings may change freely.");

    public static readonly ErrorCode FormatNewer = new("RNK1007", "written by a newer program",
        "A file, record or key carries a format number that this program does not know.",
        "Upgrade this program; the previous format is always read.");

    public static readonly ErrorCode RawLogDamaged = new("RNK1008", "raw log is damaged",
        "A .gz file of the data folder is cut off or holds damaged bytes: what DuckDB reads of it would be taken for all there is.",
        "Copy or write the file again; `gzip -t FILE` tells when it is whole.");
}
