using System.Globalization;
using Ranking.Features.Errors;

namespace Ranking.Training.Registry;

/// <summary>NAME or NAME@V.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Version">Number of the version; null is the promoted one.</param>
public readonly record struct VersionName(string Name, int? Version)
{
    /// <summary>Parses NAME or NAME@V.</summary>
    /// <exception cref="RankingException">It is neither.</exception>
    public static VersionName Parse(string text)
    {
        int at = text.LastIndexOf('@');
        if (at < 0) return new VersionName(Check(text), null);
        if (!int.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int version) || version < 1)
            throw new RankingException(ErrorCodes.WrongUsage, $"'{text}' names no version: after @ expected a number from 1, found '{text[(at + 1)..]}'.");
        return new VersionName(Check(text[..at]), version);
    }

    /// <summary>Refuses names that are no plain folder names.</summary>
    /// <exception cref="RankingException">The name is not 1 to 100 of a–z, A–Z, 0–9, '-', '_' and '.', beginning with a letter or digit.</exception>
    public static string Check(string name)
    {
        bool good = name.Length is > 0 and <= 100 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        return good ? name : throw new RankingException(ErrorCodes.WrongUsage, $"'{name}' is no model name: expected 1 to 100 letters, digits, '-', '_' or '.', beginning with a letter or digit.");
    }

    /// <inheritdoc/>
    public override string ToString() => Version is null ? Name : $"{Name}@{Version}";
}
