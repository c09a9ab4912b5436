using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>How a tensor's values start. The last two dimensions of a weight are [in, out]; earlier ones count independent weights.</summary>
public abstract record Initial
{
    /// <summary>All zero: biases.</summary>
    public static Initial Zero { get; } = new Constant(0);

    /// <summary>All one: the γ of norms.</summary>
    public static Initial One { get; } = new Constant(1);

    /// <summary>Uniform ±√(6 / (in + out)) times a factor (Glorot and Bengio 2010).</summary>
    public static Initial Xavier(double scale = 1) => new Uniform((fanIn, fanOut) => scale * Math.Sqrt(6.0 / (fanIn + fanOut)));

    /// <summary>Uniform ±1/√in times a factor: what <c>torch.nn.Linear</c> draws by default, for weight and bias alike.</summary>
    public static Initial Linear(double scale = 1) => new Uniform((fanIn, _) => scale / Math.Sqrt(fanIn));

    /// <summary>All that number.</summary>
    public static Initial Constantly(double value) => new Constant(value);

    /// <summary>Uniform in ±bound.</summary>
    public static Initial Within(double bound) => new Uniform((_, _) => bound);

    internal abstract Tensor Fill(Tensor tensor, Generator generator);

    sealed record Constant(double Value) : Initial
    {
        internal override Tensor Fill(Tensor tensor, Generator generator) => tensor.fill_(Scalars.Held(Value));
    }

    sealed record Uniform(Func<long, long, double> Bound) : Initial
    {
        internal override Tensor Fill(Tensor tensor, Generator generator)
        {
            long[] shape = tensor.shape;
            double bound = Bound(shape.Length > 1 ? shape[^2] : shape[^1], shape[^1]);
            return tensor.uniform_(-bound, bound, generator);
        }
    }
}
