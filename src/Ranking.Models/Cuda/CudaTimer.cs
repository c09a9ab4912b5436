namespace Ranking.Models.Cuda;

/// <summary>Times what is queued on a stream, by the card's own clock.</summary>
static class CudaTimer
{
    /// <summary>Milliseconds of what an action queues, once it is done.</summary>
    internal static double Milliseconds(nint stream, Action queue)
    {
        Driver.Check(Driver.cuEventCreate(out nint start, 0), "cuEventCreate");
        Driver.Check(Driver.cuEventCreate(out nint end, 0), "cuEventCreate");
        Driver.Check(Driver.cuEventRecord(start, stream), "cuEventRecord");
        queue();
        Driver.Check(Driver.cuEventRecord(end, stream), "cuEventRecord");
        Driver.Check(Driver.cuEventSynchronize(end), "waiting for a timed run");
        Driver.Check(Driver.cuEventElapsedTime(out float ms, start, end), "cuEventElapsedTime");
        _ = Driver.cuEventDestroy_v2(start);
        _ = Driver.cuEventDestroy_v2(end);
        return ms;
    }
}
