namespace Ranking.Models.Cuda;

/// <summary>A CUDA library is missing, refused a call, or the card has too little memory; the message says which and what to do.</summary>
public sealed class CudaException : Exception
{
    /// <summary>With a message for people.</summary>
    public CudaException(string message) : base(message) { }

    internal static string OutOfMemory(BackboneShape shape, long needed, long free, long total) =>
        FormattableString.Invariant($"out of GPU memory: batch {shape.Batch} with {shape.MatrixParameters / 1e6:0.#} M parameters in the blocks needs {Gib(needed):0.0} GiB; ")
        + FormattableString.Invariant($"{Gib(free):0.0} of {Gib(total):0.0} GiB are free. Use a smaller batch or model");

    static double Gib(long bytes) => bytes / 1073741824.0;
}
