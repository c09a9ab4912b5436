namespace Ranking.Models.Cuda;

/// <summary>A CUDA library is missing, refused a call, or the card has too little memory; the message says which and what to do.</summary>
public sealed class CudaException : Exception
{
    /// <summary>With a message for people.</summary>
    public CudaException(string message) : base(message) { }
}
