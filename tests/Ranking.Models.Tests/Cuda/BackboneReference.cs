using Ranking.Models.Cuda;
using static TorchSharp.torch;

namespace Ranking.Models.Tests.Cuda;

/// <summary>The backbone's equations in float64 on the CPU under autograd, with the card's weights and its choice of experts.</summary>
sealed class BackboneReference
{
    readonly BackboneShape shape;
    readonly CudaBackbone backbone;
    readonly Dictionary<string, Tensor> parameters = [];

    public BackboneReference(CudaBackbone backbone)
    {
        (this.backbone, shape) = (backbone, backbone.Shape);
        for (int i = 0; i < 2 * shape.Layers; i++)
        {
            FeedForwardShape f = i % 2 == 0 ? shape.Mixing : shape.PerToken;
            (long upGate, long down) = BackboneMemory.WeightOffsets(shape, i);
            Add($"upgate.{i}", Bf16("weights", upGate, f.UpGateParameters), f.Groups, shape.Experts, f.Width, 2 * f.ExpertHidden);
            Add($"down.{i}", Bf16("weights", down, f.DownParameters), f.Groups, shape.Experts, f.ExpertHidden, f.Width);
            if (shape.Experts > 1) Add($"router.{i}", Bf16("small.weights", BackboneMemory.RouterOffset(shape, i), f.RouterParameters), f.Groups, shape.Routed, f.Width);
        }
        for (int i = 0; i <= 2 * shape.Layers; i++) Add($"gamma.{i}", Floats("small.masters", (long)i * shape.Width, shape.Width), shape.Width);
        Add("head", Floats("small.masters", BackboneMemory.HeadOffset(shape), shape.Width), shape.Width);
        Add("bias", Floats("small.masters", BackboneMemory.HeadOffset(shape) + shape.Width, 1), 1);
    }

    public IEnumerable<string> Names => parameters.Keys;

    public double[] Gradient(string name) => parameters[name].grad!.data<double>().ToArray();

    /// <summary>The card's gradient of the same parameter.</summary>
    public double[] CardGradient(string name)
    {
        string[] parts = name.Split('.');
        int i = parts.Length > 1 ? int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) : 0;
        long count = parameters[name].numel();
        return parts[0] switch
        {
            "upgate" => Bf16("gradients", BackboneMemory.WeightOffsets(shape, i).UpGate, count),
            "down" => Bf16("gradients", BackboneMemory.WeightOffsets(shape, i).Down, count),
            "router" => Floats("small.gradients", BackboneMemory.RouterOffset(shape, i), count),
            "gamma" => Floats("small.gradients", (long)i * shape.Width, count),
            "head" => Floats("small.gradients", BackboneMemory.HeadOffset(shape), count),
            _ => Floats("small.gradients", BackboneMemory.HeadOffset(shape) + shape.Width, count),
        };
    }

    public (double[] Logits, double Loss, double[] InputGrad) Run(float[] tokens, float[] labels)
    {
        using Tensor input = tensor(tokens.Select(t => (double)t).ToArray()).reshape(shape.Batch, shape.Tokens, shape.Width).requires_grad_();
        Tensor x = input, saved = input;
        int tokensCount = shape.Tokens, heads = shape.Mixed, piece = shape.Width / heads;
        for (int l = 0; l < shape.Layers; l++)
        {
            Tensor mixed = Norm(x, 2 * l).view(-1, tokensCount, heads, piece).transpose(1, 2).reshape(-1, heads, tokensCount * piece);
            Tensor y = x + FeedForward(mixed, 2 * l).view(-1, heads, tokensCount, piece).transpose(1, 2).reshape(-1, tokensCount, shape.Width);
            x = y + FeedForward(Norm(y, 2 * l + 1), 2 * l + 1);
            if ((l + 1) % shape.ResidualGap != 0 || l + 1 >= shape.Layers) continue;
            x = x + saved;
            saved = x;
        }
        Tensor logits = Norm(x, 2 * shape.Layers).mean([1]).matmul(parameters["head"]) + parameters["bias"];
        Tensor loss = nn.functional.binary_cross_entropy_with_logits(logits, tensor(labels.Select(v => (double)v).ToArray()));
        loss.backward();
        return (logits.data<double>().ToArray(), loss.item<double>(), input.grad!.data<double>().ToArray());
    }

    Tensor Norm(Tensor x, int i) => x * (x.square().mean([-1], true) + 1e-6).rsqrt() * parameters[$"gamma.{i}"];

    Tensor FeedForward(Tensor x_BGW, int i)
    {
        Tensor x = x_BGW.transpose(0, 1), upGate = parameters[$"upgate.{i}"], down = parameters[$"down.{i}"];
        Tensor Expert(int e)
        {
            Tensor[] halves = x.bmm(upGate[TensorIndex.Colon, e]).chunk(2, -1);
            return (halves[0] * nn.functional.silu(halves[1])).bmm(down[TensorIndex.Colon, e]);
        }
        Tensor y = Expert(shape.Routed);
        if (shape.Experts > 1)
        {
            int groups = (int)x.shape[0];
            byte[] card = backbone.Read<byte>($"chosen.{i}", (long)groups * shape.BatchPadded * shape.Slots);
            Tensor chosen = tensor(card.Select(c => (long)c).ToArray()).view(groups, shape.BatchPadded, shape.Slots).narrow(1, 0, shape.Batch);
            Tensor logits = x.bmm(parameters[$"router.{i}"].transpose(1, 2));
            Tensor gates = zeros_like(logits).scatter(-1, chosen, logits.gather(-1, chosen).softmax(-1) * shape.GateScale);
            for (int e = 0; e < shape.Routed; e++) y = y + gates.narrow(-1, e, 1) * Expert(e);
        }
        return y.transpose(0, 1);
    }

    void Add(string name, double[] values, params long[] sizes) => parameters.Add(name, tensor(values).reshape(sizes).requires_grad_());

    double[] Bf16(string name, long offset, long count) =>
        [.. backbone.Read<ushort>(name, count, offset).Select(v => (double)BitConverter.UInt32BitsToSingle((uint)v << 16))];

    double[] Floats(string name, long offset, long count) => [.. backbone.Read<float>(name, count, offset).Select(v => (double)v)];
}
