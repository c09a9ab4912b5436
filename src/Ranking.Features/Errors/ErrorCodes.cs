using System.Reflection;

namespace Ranking.Features.Errors;

/// <summary>
/// Every failure that has a stable code, in one place: the command line, HTTP problem details, dead letters and infra/errors.md
/// (which a test holds equal) all take theirs from here. The first digit is the room: 0 command and machine, 1 spec and raw logs,
/// 2 Kafka, 3 Redis, 4 training and registry, 5 ranker, 6 documents and vectors.
/// </summary>
public static partial class ErrorCodes
{
    /// <summary>All codes, in order.</summary>
    public static IReadOnlyList<ErrorCode> All => AllOfThem.Value;

    // Lazy: the fields of the other files may be initialised after this one.
    static readonly Lazy<ErrorCode[]> AllOfThem = new(() =>
    [
        .. typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(f => f.FieldType == typeof(ErrorCode)).Select(f => (ErrorCode)f.GetValue(null)!).OrderBy(c => c.Code, StringComparer.Ordinal),
    ]);
}
