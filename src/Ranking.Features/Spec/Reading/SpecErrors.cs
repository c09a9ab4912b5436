namespace Ranking.Features.Spec.Reading;

/// <summary>Collects the mistakes of one spec.</summary>
sealed class SpecErrors
{
    const int Most = 100; // a file of nonsense need not list a million mistakes

    readonly List<SpecError> errors = [];

    public int Count => errors.Count;

    public void Add(Place place, string found, string expected)
    {
        var error = new SpecError(place.File, place.Line, place.Column, found, expected);
        if (errors.Count < Most && !errors.Contains(error)) errors.Add(error);
    }

    public void ThrowIfAny()
    {
        if (errors.Count > 0)
            throw new SpecException([.. errors.OrderBy(e => e.File, StringComparer.Ordinal).ThenBy(e => e.Line).ThenBy(e => e.Column)]);
    }
}
