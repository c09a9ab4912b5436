using Ranking.Features.Joining.State;
using Ranking.Features.Rows;

namespace Ranking.Streams.State;

/// <summary>
/// Which values of a room were put or removed since the last commit. What came and went between two commits leaves no trace: of a
/// replay that is nearly everything.
/// </summary>
sealed class NumberedRoom<T>(byte room, Action<PackedWriter, T> write) : INumberedState<T> where T : class
{
    readonly Dictionary<long, T?> changed = [];
    List<KeyValuePair<long, T>> loaded = [];
    long unknown; // no value from this number on has been committed

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<long, T>> All
    {
        get
        {
            List<KeyValuePair<long, T>> all = loaded;
            loaded = [];
            return all;
        }
    }

    /// <summary>A value that was restored; they come by rising number.</summary>
    public void Load(long number, T value)
    {
        loaded.Add(new(number, value));
        unknown = number + 1;
    }

    /// <inheritdoc/>
    public void Put(long number, T value) => changed[number] = value;

    /// <inheritdoc/>
    public void Remove(long number)
    {
        if (number < unknown) changed[number] = null;
        else changed.Remove(number);
    }

    /// <summary>Appends the changes since the last time.</summary>
    public void Collect(List<StateChange> changes, PackedWriter writer)
    {
        foreach ((long number, T? value) in changed)
        {
            if (value is null)
            {
                changes.Add(new(StateKeys.Of(room, number), null));
                continue;
            }
            writer.Clear();
            write(writer, value);
            changes.Add(new(StateKeys.Of(room, number), writer.Written.ToArray()));
            unknown = Math.Max(unknown, number + 1);
        }
        changed.Clear();
    }
}
