using Ranking.Models.Tables;

namespace Ranking.Models.Tests.Tables;

/// <summary>Alone, since the heap that it weighs is the process's.</summary>
[Collection(nameof(Alone))]
public class IdTableMemoryTests
{
    [Theory]
    [InlineData(60_000, 8, true)]
    [InlineData(200_000, 16, true)]
    [InlineData(150_000, 32, false)]
    public void The_formula_says_within_a_tenth_what_a_table_really_holds(int ids, int dim, bool trains)
    {
        const int idBytes = 12;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        IdTable table = new("t", new IdTableSettings { Dim = dim }, 1, trains);
        for (int i = 0; i < ids; i++) table.Resolve($"user{i:d8}", i);
        long held = GC.GetTotalMemory(forceFullCollection: true) - before, formula = IdTable.BytesFor(ids, dim, idBytes, trains);
        GC.KeepAlive(table);
        Assert.InRange(formula, 0.9 * held, 1.1 * held);
        Assert.InRange(table.Bytes, 0.9 * held, 1.1 * held);
    }
}

[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public class Alone;
