using CsCheck;
using Ranking.Models.Tables;

namespace Ranking.Models.Tests.Tables;

public class IdTableTests
{
    /// <summary>A batch: (id, event time) in order.</summary>
    static readonly Gen<(int Id, int Step)[][]> History = Gen.Select(Gen.Int[0, 40], Gen.Int[0, 30]).Array[1, 12].Array[1, 30];

    [Fact]
    public void Admission_ttl_budget_and_adagrad_agree_with_a_naive_table()
    {
        Gen.Select(History, Gen.Int[1, 3], Gen.Int[0, 2], Gen.Int[1, 50], Gen.Bool).Sample((history, admission, ttl, budget, lru) =>
        {
            IdTableSettings settings = new()
            {
                Dim = 3,
                Admission = admission,
                Ttl = ttl == 0 ? null : TimeSpan.FromSeconds(ttl * 100),
                MaxRows = budget,
                Eviction = lru ? RowEviction.Lru : RowEviction.Lfu,
                InitialScale = 0.5f,
            };
            IdTable table = new("t", settings, 7);
            NaiveTable naive = new(settings);
            long now = 0;
            foreach ((int Id, int Step)[] batch in history)
            {
                (string Id, long Time)[] sights = [.. batch.Select(s => ($"id{s.Id}", now += s.Step * 1000))];
                table.BeginBatch(now);
                naive.BeginBatch(now);
                foreach ((string id, long time) in sights)
                {
                    int row = table.Resolve(id, time);
                    table.Touch(row);
                    float[]? expected = naive.Resolve(id, time, fresh: () => Fresh(settings, id));
                    Assert.Equal(expected is null, row == IdTable.Shared);
                    Span<float> gradient = table.Gradient(row);
                    for (int i = 0; i < 3; i++)
                    {
                        gradient[i] += 0.1f * (i + 1);
                        naive.GradientOf(expected)[i] += 0.1f * (i + 1);
                    }
                }
                table.Apply(0.05f, decay: 0.01f);
                naive.Apply(0.05f, 0.01f);
                Assert.Equal(naive.Rows.Count, table.Count);
                foreach ((string id, NaiveTable.Entry entry) in naive.Rows) Near(entry.Weights, table.Row(table.Find(id)));
                Near(naive.Shared, table.Row(IdTable.Shared));
            }
        }, iter: 300);
    }

    [Fact]
    public void A_file_gives_the_same_table_and_the_same_table_gives_the_same_file()
    {
        using Folder folder = new();
        IdTableSettings settings = new() { Dim = 5, Admission = 2, Ttl = TimeSpan.FromHours(1), MaxRows = 300 };
        IdTable straight = Filled(settings, 0, 60), half = Filled(settings, 0, 30);
        half.Save(folder.File("half"));
        IdTable resumed = Fill(IdTable.Load(folder.File("half"), "t", settings, trains: true), 30, 60);
        straight.Save(folder.File("a"));
        resumed.Save(folder.File("b"));
        Assert.Equal(File.ReadAllBytes(folder.File("a")), File.ReadAllBytes(folder.File("b")));
        Assert.True(straight.Evicted > 0 && straight.PendingCount > 0);

        IdTable served = IdTable.Load(folder.File("a"), "t", settings, trains: false);
        for (int i = 0; i < 700; i++) Assert.Equal(straight.Row(straight.Find($"k{i}")), served.Row(served.Find($"k{i}")));
        Assert.Throws<InvalidOperationException>(() => served.Apply(0.1f));
    }

    [Fact]
    public void A_whole_file_and_the_changes_after_it_are_the_table()
    {
        Gen.Select(History, Gen.Int[1, 3], Gen.Int[0, 2], Gen.Int[1, 50], Gen.Int[1, 5]).Sample((history, admission, ttl, budget, every) =>
        {
            using Folder folder = new();
            IdTableSettings settings = new() { Dim = 3, Admission = admission, Ttl = ttl == 0 ? null : TimeSpan.FromSeconds(ttl * 100), MaxRows = budget };
            IdTable table = new("t", settings, 7);
            table.Save(folder.File("x"));
            table.MarkSaved();
            int number = 0;
            long now = 0;
            for (int b = 0; b < history.Length; b++)
            {
                table.BeginBatch(now + history[b].Sum(s => s.Step) * 1000);
                foreach ((int id, int step) in history[b])
                {
                    int row = table.Resolve($"id{id}", now += step * 1000);
                    table.Touch(row);
                    table.Gradient(row).Fill(id + 1);
                }
                table.Apply(0.05f);
                if (b % every != 0) continue;
                table.SaveChanges(folder.File($"x.{++number}"), number);
                table.MarkSaved();
                table.Save(folder.File("straight"));
                IdTable.Load(folder.File("x"), "t", settings, trains: true).Save(folder.File("again"));
                Assert.Equal(File.ReadAllBytes(folder.File("straight")), File.ReadAllBytes(folder.File("again")));
            }
        }, iter: 60);
    }

    [Fact]
    public void A_damaged_file_is_refused_by_name_and_never_crashes()
    {
        using Folder folder = new();
        IdTableSettings settings = new() { Dim = 2, Admission = 2 };
        Filled(settings, 0, 2).Save(folder.File("good"));
        byte[] good = File.ReadAllBytes(folder.File("good"));
        string path = folder.File("bad");
        for (int length = 0; length < good.Length; length += 7)
        {
            File.WriteAllBytes(path, good[..length]);
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => IdTable.Load(path, "t", settings, true)).Message, StringComparison.Ordinal);
        }
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] bytes = (byte[])good.Clone();
            bytes[at] = value;
            string own = folder.File($"bad{Guid.NewGuid():N}");
            File.WriteAllBytes(own, bytes);
            try { IdTable.Load(own, "t", settings, true); }
            catch (InvalidDataException) { }
            File.Delete(own);
        }, iter: 400);
        IdTable table = Filled(settings, 0, 2);
        table.MarkSaved();
        Fill(table, 2, 3).SaveChanges(folder.File("good.1"), 1);
        byte[] changes = File.ReadAllBytes(folder.File("good.1"));
        for (int length = 0; length < changes.Length; length += 7)
        {
            File.WriteAllBytes(folder.File("good.1"), changes[..length]);
            Assert.Contains("good.1", Assert.Throws<InvalidDataException>(() => IdTable.Load(folder.File("good"), "t", settings, true)).Message, StringComparison.Ordinal);
        }
        File.WriteAllBytes(path, [.. good[..8], 9, 0, 0, 0, .. good[12..]]);
        Assert.Contains("newer version", Assert.Throws<InvalidDataException>(() => IdTable.Load(path, "t", settings, true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_that_hash_alike_or_look_alike_have_rows_of_their_own()
    {
        IdIndex index = new();
        byte[][] keys = [.. Enumerable.Range(0, 500).Select(i => BitConverter.GetBytes(i))];
        int[] entries = [.. keys.Select(k => index.Add(k, (uint)(k[0] % 3)))]; // Every hash is one of three.
        for (int i = 0; i < keys.Length; i += 2) index.Remove(entries[i]);
        for (int i = 0; i < keys.Length; i++) Assert.Equal(i % 2 == 0 ? -1 : entries[i], index.Find(keys[i], (uint)(keys[i][0] % 3)));

        IdTable table = new("t", new IdTableSettings { Dim = 1 }, 1);
        Assert.Equal(4, new[] { "a", "A", "ä", "a\u0308" }.Select(id => table.Resolve(id, 0)).Distinct().Count());
        Assert.Throws<ArgumentException>(() => table.Resolve("", 0));
        Assert.Throws<ArgumentException>(() => table.Resolve("\ud800", 0));
        Assert.Throws<ArgumentException>(() => table.Resolve(new string('é', 257), 0));
        Assert.True(table.Resolve(new string('é', 256), 0) >= 0);
    }

    [Fact]
    public void A_row_starts_the_same_whatever_came_before_it()
    {
        IdTable first = new("t", new IdTableSettings { Dim = 4 }, 3), second = new("t", new IdTableSettings { Dim = 4 }, 3);
        foreach (string other in new[] { "x", "y" }) second.Resolve(other, 0);
        Assert.Equal(first.Row(first.Resolve("id", 0)), second.Row(second.Resolve("id", 5)));
        IdTable otherTable = new("u", new IdTableSettings { Dim = 4 }, 3);
        Assert.NotEqual(first.Row(first.Find("id")).ToArray(), otherTable.Row(otherTable.Resolve("id", 0)).ToArray());
    }

    static IdTable Filled(IdTableSettings settings, int from, int to) => Fill(new IdTable("t", settings, 9), from, to);

    static IdTable Fill(IdTable table, int from, int to)
    {
        for (int batch = from; batch < to; batch++)
        {
            Random random = new(batch);
            long time = batch * 60_000L;
            table.BeginBatch(time);
            for (int i = 0; i < 40; i++)
            {
                int row = table.Resolve($"k{random.Next(700)}", time - random.Next(1000));
                foreach (ref float g in table.Gradient(row)) g += random.NextSingle() - 0.5f;
            }
            table.Apply(0.05f);
        }
        return table;
    }

    static float[] Fresh(IdTableSettings settings, string id)
    {
        IdTable table = new("t", settings with { Admission = 1, MaxRows = 1, Ttl = null }, 7);
        return table.Row(table.Resolve(id, 0)).ToArray();
    }

    static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5f);
    }
}
