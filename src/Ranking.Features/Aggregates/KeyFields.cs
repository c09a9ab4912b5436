using System.Collections.Immutable;
using System.Globalization;
using Ranking.Features.Events;

namespace Ranking.Features.Aggregates;

/// <summary>The fields of an event that can be parts of keys.</summary>
/// <param name="User">The user's id; null where it is not known.</param>
/// <param name="Item">The item's id; null where it is not known.</param>
/// <param name="Context">The context's values, or none for feedback that joined no impression.</param>
public readonly record struct KeyFields(string? User, string? Item, FieldValue[] Context)
{
    /// <summary>The fields of an impression.</summary>
    public static KeyFields Of(Impression impression) => new(impression.User, impression.Item, impression.Context);

    /// <summary>The value of a field, or null.</summary>
    public string? Of(KeyField field) => field.Kind switch
    {
        KeyFieldKind.User => User,
        KeyFieldKind.Item => Item,
        _ => field.Context < Context.Length ? Context[field.Context].Id : null,
    };

    /// <summary>The crossed part of a key: empty for the owner alone, one id as it is, several with their lengths; null where one is missing.</summary>
    public string? Cross(ImmutableArray<KeyField> crossed)
    {
        if (crossed.Length == 0) return "";
        if (crossed.Length == 1) return Of(crossed[0]);
        var parts = new string[crossed.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (Of(crossed[i]) is not { } value) return null;
            parts[i] = string.Create(CultureInfo.InvariantCulture, $"{value.Length}:{value}");
        }
        return string.Concat(parts);
    }
}
