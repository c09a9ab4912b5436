using TorchSharp;

namespace Ranking.Models.Networks;

/// <summary>
/// Scalars for torch's operators that outlive the call. TorchSharp frees a <see cref="Scalar"/> in its finaliser, and the runtime lets
/// that happen while the native call still reads it: a collection at that moment, likely on a busy machine, gives "INTERNAL ASSERT
/// FAILED at Scalar.h" or a wrong number. So no number is converted implicitly, and <c>square()</c>, which does so inside, is written
/// as a product.
/// </summary>
static class Scalars
{
    const int Kept = 256;

    [ThreadStatic] static Scalar[]? recent;
    [ThreadStatic] static int next;

    /// <summary>A scalar that this thread holds until it has made 256 more.</summary>
    public static Scalar Held(double value) => Hold(value);

    /// <summary>A whole number, for tensors of whole numbers.</summary>
    public static Scalar Held(long value) => Hold(value);

    static Scalar Hold(Scalar scalar)
    {
        recent ??= new Scalar[Kept];
        return recent[(int)((uint)next++ % Kept)] = scalar;
    }
}
