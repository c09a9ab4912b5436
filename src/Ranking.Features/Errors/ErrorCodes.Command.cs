namespace Ranking.Features.Errors;

#pragma warning disable CS1591 // Each code documents itself in its meaning and remedy.
public static partial class ErrorCodes
{
    public static readonly ErrorCode WrongUsage = new("RNK0001", "wrong usage",
        "The command line names an unknown command or option, lacks a required one, or an option's value cannot be read.",
        "The message says which; `ranking COMMAND --help` lists the options with an example. Exit code 2.");

    public static readonly ErrorCode FileNotFound = new("RNK0002", "file not found",
        "A file or folder that the command was given does not exist.",
        "Check the path in the message; paths are relative to the current folder.");

    public static readonly ErrorCode FileNotUsable = new("RNK0003", "file cannot be used",
        "A file or folder exists but cannot be read or written: permissions, a full disk, a folder where a file was expected.",
        "Check its owner and mode and the free space that `ranking doctor` shows.");

    public static readonly ErrorCode Locked = new("RNK0004", "in use by another process",
        "A registry or state folder has a second writer; a lock refuses it, since two would destroy each other's work.",
        "Wait for the other process or stop it; the lock goes away with the process that holds it.");

    public static readonly ErrorCode PortTaken = new("RNK0005", "port is taken",
        "A server cannot listen on its port because something else does.",
        "Free the port, choose another, or give 0: a free one is picked and printed.");

    public static readonly ErrorCode NativeLibrary = new("RNK0006", "native library does not load",
        "libtorch, librdkafka, RocksDB or DuckDB is missing or was built for another system. linux-x64 with glibc is what is supported.",
        "`ranking doctor` says which library, where it was looked for and what the loader said.");

    public static readonly ErrorCode OutOfMemory = new("RNK0007", "out of memory",
        "The process or its container has less memory than the work needs.",
        "Give it more, or lower the batch, the row budgets of the tables or the encoder's dimension.");

    public static readonly ErrorCode MachineUnfit = new("RNK0008", "a check failed",
        "`doctor` found something that will not work; its output has a line for each finding.",
        "Each failed line says what to do.");

    public static readonly ErrorCode Internal = new("RNK0099", "internal error",
        "Something happened that the code does not expect: a bug of this program.",
        "Run again with `--log-level debug`, which shows the stack, and report it.");
}
