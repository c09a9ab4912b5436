using System.Runtime.CompilerServices;

namespace Ranking.Training.Registry;

/// <summary>Tells a ranker which version to serve, by looking at the pointer every so often: it works on any file system.</summary>
/// <param name="registry">The registry.</param>
/// <param name="interval">How often it looks.</param>
/// <param name="time">The clock; the system's by default.</param>
public sealed class RegistryWatcher(ModelRegistry registry, TimeSpan interval, TimeProvider? time = null)
{
    /// <summary>
    /// The number of the version that serves, at once and then whenever another is promoted, until cancelled. A pointer that cannot be
    /// read, or a file system that is away, changes nothing: what serves goes on.
    /// </summary>
    /// <param name="name">Name of the model.</param>
    /// <param name="onTrouble">Told of a pointer that cannot be read, once until it is read again.</param>
    /// <param name="cancel">Ends the sequence.</param>
    public async IAsyncEnumerable<int> Watch(string name, Action<Exception>? onTrouble = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using PeriodicTimer timer = new(interval, time ?? TimeProvider.System);
        int? last = null;
        bool trouble = false;
        do
        {
            int? now = last;
            try
            {
                now = registry.Promoted(name);
                trouble = false;
            }
            catch (Exception error) when (error is RegistryException or IOException or UnauthorizedAccessException)
            {
                if (!trouble) onTrouble?.Invoke(error);
                trouble = true;
            }
            if (now is { } version && now != last) yield return version;
            last = now ?? last;
        }
        while (await Tick(timer, cancel).ConfigureAwait(false));
    }

    static async ValueTask<bool> Tick(PeriodicTimer timer, CancellationToken cancel)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
