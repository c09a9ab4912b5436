using Ranking.Features.Errors;
using Ranking.Streams.State;

namespace Ranking.Streams.Tests.State;

public sealed class StateDatabaseTests : IDisposable
{
    static readonly Guid Changelog = Guid.NewGuid();
    readonly string folder = Directory.CreateTempSubdirectory("ranking-state-").FullName;
    readonly Clock clock = new();

    [Theory]
    [InlineData(23, 7)]
    [InlineData(25, 0)] // deletions may be compacted away: it begins at the beginning
    public void What_is_older_than_a_day_is_not_used(int hours, long offset)
    {
        using (var database = Open(Changelog)) database.Apply([new([1, 2], [3])], 7);
        clock.Now += TimeSpan.FromHours(hours);
        using var again = Open(Changelog);
        Assert.Equal(offset, again.Offset);
    }

    [Fact]
    public void What_belongs_to_another_topic_is_not_used()
    {
        using (var database = Open(Changelog)) database.Apply([], 7);
        using var other = Open(Guid.NewGuid());
        Assert.Equal(0, other.Offset);
    }

    [Fact]
    public void A_second_one_is_refused()
    {
        using var first = Open(Changelog);
        Assert.Equal(ErrorCodes.StateInUse, Assert.Throws<RankingException>(() => Open(Changelog)).Error);
    }

    [Fact]
    public void A_damaged_one_begins_at_the_beginning()
    {
        using (var database = Open(Changelog)) database.Apply([new([1, 2], [3])], 7);
        File.WriteAllText(Path.Combine(folder, "CURRENT"), "nonsense");
        using var again = Open(Changelog);
        Assert.Equal(0, again.Offset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // a copy that lacks a file
    public void Damage_that_shows_only_when_it_is_read_is_no_end_of_what_there_is(bool missing)
    {
        using (var database = Open(Changelog))
        {
            var random = new Random(1);
            for (int i = 0; i < 400; i++)
            {
                byte[] value = new byte[100_000]; // incompressible, and more than stays in memory
                random.NextBytes(value);
                database.Apply([new([9, (byte)i, (byte)(i >> 8)], value)], i);
            }
        }
        string table = Directory.GetFiles(folder, "*.sst").Order().First();
        if (missing) File.Delete(table);
        else
        {
            byte[] bytes = File.ReadAllBytes(table);
            bytes.AsSpan(bytes.Length / 2, 64).Fill(0x55);
            File.WriteAllBytes(table, bytes);
        }
        using (var again = Open(Changelog))
        {
            if (missing) Assert.Equal(0, again.Offset);
            else Assert.Throws<RocksDbSharp.RocksDbException>(() => again.Rooms(0, 255).Count());
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    StateDatabase Open(Guid changelog) => new(folder, changelog, clock);

    sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(55);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
