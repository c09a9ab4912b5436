namespace Ranking.Features.Errors;

#pragma warning disable CS1591 // Each code documents itself in its meaning and remedy.
public static partial class ErrorCodes
{
    public static readonly ErrorCode VersionUnknown = new("RNK4001", "no such model version",
        "The registry has no model or version of that name, or none is promoted.",
        "`ranking models list --registry DIR` shows what there is.");

    public static readonly ErrorCode VersionDamaged = new("RNK4002", "model version is damaged",
        "A file of the version lacks, is shorter, or its checksum differs from the one recorded when it was published.",
        "The message names the file. The version that was serving serves on; publish again or restore the folder.");

    public static readonly ErrorCode ExamplesInvalid = new("RNK4003", "examples do not fit",
        "A file is no Parquet file of examples, or its columns are those of another spec.",
        "Write it anew with `ranking examples --spec DIR`.");

    public static readonly ErrorCode NothingToTrain = new("RNK4004", "no examples",
        "No example lies in the chosen files, topics and times.",
        "Check `--from` and `--to` (ISO 8601 with offset) and, for Kafka, that the pipeline runs.");

    public static readonly ErrorCode ModelSettings = new("RNK4005", "model settings do not fit",
        "Settings of the model or the training are outside what it allows, such as a number of heads that does not divide the width.",
        "The message names the setting, the value and what is expected.");

    public static readonly ErrorCode TrainingDiverged = new("RNK4006", "training diverged",
        "The loss became infinite or not a number.",
        "Lower the learning rates, set `clip_norm`, and look at the batch that the message names.");

    public static readonly ErrorCode ResumeRefused = new("RNK4007", "cannot resume here",
        "The checkpoint was written by another machine type, thread count, libtorch or spec: going on would not give the same bits.",
        "Resume under the same conditions, or start from the version with `--from-version`.");

    public static readonly ErrorCode DeviceUnavailable = new("RNK4008", "device is not available",
        "CUDA was asked for, and libtorch finds no CUDA device or was built without it.",
        "`ranking doctor` says what libtorch sees; RANKING_LIBTORCH names the torch/lib of a CUDA build.");

    public static readonly ErrorCode RegistryUnusable = new("RNK4009", "registry cannot do that",
        "The registry's folder is none, or what was asked is not possible, such as a rollback where nothing was promoted before.",
        "The message says which; `ranking models list` shows versions and which one is promoted.");

    public static readonly ErrorCode DeviceMemory = new("RNK4010", "GPU memory is too small",
        "The card's memory does not hold the model with a batch's activations.",
        "The message names batch and model size. Lower `training.batch` or the model, or free the card of other programs (`nvidia-smi`).");

    public static readonly ErrorCode ImportRefused = new("RNK4011", "weights do not fit the spec",
        "A tensor of the files to import is missing, has another shape, is one that the model does not have, or holds what no model can have.",
        "The message names file and tensor. Import under the spec, the kind and the settings that the weights were trained with.");
}
