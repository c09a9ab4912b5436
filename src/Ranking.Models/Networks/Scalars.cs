using TorchSharp;

namespace Ranking.Models.Networks;

/// <summary>
/// Scalars for torch's operators that outlive the call. TorchSharp frees a <see cref="Scalar"/> in its finaliser, and the runtime lets
/// that happen while the native call still reads it: a collection at that moment, likely on a busy machine, gives "INTERNAL ASSERT
/// FAILED at Scalar.h" or a wrong number. So no number is converted implicitly, by us or by TorchSharp's own <c>square()</c> (written as
/// a product here), <c>a + b</c>, <c>add</c> and <c>add_</c> without a factor: sums are written <c>a.Plus(b)</c>. A test reads the compiled code for it.
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

    /// <summary>a + b; TorchSharp's operator makes a scalar of its own for the factor 1.</summary>
    public static torch.Tensor Plus(this torch.Tensor a, torch.Tensor b) => a.add(b, Held(1L));

    /// <summary>a + b.</summary>
    public static torch.Tensor Plus(this torch.Tensor a, double b) => a.add(Held(b), Held(1L));

    static Scalar Hold(Scalar scalar)
    {
        recent ??= new Scalar[Kept];
        return recent[(int)((uint)next++ % Kept)] = scalar;
    }
}
