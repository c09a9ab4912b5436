namespace Ranking.Streams.Pipeline;

/// <summary>What tasks have written.</summary>
struct PipelineCounts
{
    public long Examples, Rows, Late, Dead, Copies, Served, ServedRows, StalerRows;
}
