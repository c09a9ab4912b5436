using System.Globalization;

namespace Ranking.Models.Networks;

/// <summary>Refusals of settings: each names the setting, the value and what was expected.</summary>
static class Setting
{
    public static void Require(bool holds, string name, object? value, string expected)
    {
        if (!holds) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name}: found {value ?? "nothing"}, expected {expected}"), name);
    }

    public static void AtLeast(int least, int value, string name) => Require(value >= least, name, value, $"an integer ≥ {least}");

    public static void Positive(double value, string name) => Require(value > 0 && double.IsFinite(value), name, value, "a number > 0");

    public static void Rate(double value, string name) => Require(value is >= 0 and < 1, name, value, "a number in [0, 1)");
}
