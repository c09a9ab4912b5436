namespace Ranking.Features.Joining.State;

/// <summary>
/// A room of a task's state whose values come and go and are found by the task itself: it needs to know only what is there and what
/// changed. Numbers rise.
/// </summary>
public interface INumberedState<T>
{
    /// <summary>What is there, by rising number; read once, before anything changes.</summary>
    IEnumerable<KeyValuePair<long, T>> All { get; }

    /// <summary>A value that is new, or was changed in place.</summary>
    void Put(long number, T value);

    /// <summary>A value that is gone.</summary>
    void Remove(long number);
}
