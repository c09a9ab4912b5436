using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.RankMixer;

/// <summary>
/// RankMixer's mixture (arXiv 2507.15551, section 3.4): <c>G_ij = ReLU(h(s_i))_j</c>, <c>v_i = Σ_j G_ij e_ij(s_i)</c>; the experts are the
/// hidden width of the dense feed-forward cut into E. Two routers: the one that serves pays an L1 penalty, whose weight rises and
/// falls by a tenth a step to meet the share of active experts that is asked for (as ReMoE, arXiv 2412.14711); the dense one pays none.
/// </summary>
/// <remarks>
/// The experts stand beside each other in one product and a gate of zero multiplies its expert away: on a CPU this saves no time,
/// unlike TokenMixer-Large's fixed k. Letters: E experts, the others as in <see cref="PerTokenGelu"/>.
/// </remarks>
sealed class ReluRoutedMoe : IRankMixerFeedForward
{
    const double PenaltyStart = 1e-4, PenaltyStep = 1.1;
    readonly string name;
    readonly int experts;
    readonly double dropout, share;
    readonly Tensor w1_TDS, b1_TS, w2_TSD, b2_TED, penalty;
    readonly (Tensor Weight_TDE, Tensor Bias_T1E) serves, dense;

    public ReluRoutedMoe(ParameterSet parameters, string name, RankMixerSettings settings)
    {
        (this.name, experts, dropout, share) = (name, settings.Experts, settings.HiddenDropout, settings.ActiveShare);
        (int t, int d, int s, int e) = (settings.Tokens, settings.Dim, settings.Expansion * settings.Dim, settings.Experts);
        w1_TDS = parameters.Add($"{name}.w1", Initial.Xavier(), t, d, s);
        b1_TS = parameters.Add($"{name}.b1", Initial.Zero, t, s);
        w2_TSD = parameters.Add($"{name}.w2", Initial.Xavier(), t, s, d);
        b2_TED = parameters.Add($"{name}.b2", Initial.Zero, t, e, d);
        serves = Router("router");
        dense = Router("dense_router");
        penalty = parameters.AddBuffer($"{name}.penalty", Initial.Constantly(PenaltyStart), 1);

        // Gates start around 1, where the mixture is the dense feed-forward.
        (Tensor, Tensor) Router(string router) =>
            (parameters.Add($"{name}.{router}.weight", Initial.Xavier(), t, d, e), parameters.Add($"{name}.{router}.bias", Initial.One, t, 1, e));
    }

    public Tensor Forward(Tensor s_TBD, bool dense, ForwardPass pass)
    {
        (Tensor weight_TDE, Tensor bias_T1E) = dense ? this.dense : serves;
        Tensor gate_TBE = nn.functional.relu(s_TBD.bmm(weight_TDE).Plus(bias_T1E));
        if (!dense) Steer(gate_TBE, pass);
        Tensor hidden_TBS = pass.Dropout(nn.functional.gelu(s_TBD.bmm(w1_TDS).Plus(b1_TS.unsqueeze(1))), dropout);
        (long t, long b, long s) = (hidden_TBS.shape[0], hidden_TBS.shape[1], hidden_TBS.shape[2]);
        Tensor gated_TBS = (hidden_TBS.reshape(t, b, experts, s / experts) * gate_TBE.unsqueeze(-1)).reshape(t, b, s);
        return gated_TBS.bmm(w2_TSD).Plus(gate_TBE.bmm(b2_TED));
    }

    public OnnxValue Export(OnnxValue s_TBD)
    {
        OnnxValue gate_TBE = (s_TBD.MatMul(serves.Weight_TDE) + serves.Bias_T1E).Relu();
        OnnxValue hidden_TBS = (s_TBD.MatMul(w1_TDS) + s_TBD.Graph.Weight(b1_TS).Unsqueeze(1)).Gelu();
        (long t, long s) = (w1_TDS.shape[0], w1_TDS.shape[2]);
        OnnxValue gated_TBS = (hidden_TBS.Reshape(t, 0, experts, s / experts) * gate_TBE.Unsqueeze(3)).Reshape(t, 0, s);
        return gated_TBS.MatMul(w2_TSD) + gate_TBE.MatMul(b2_TED);
    }

    void Steer(Tensor gate_TBE, ForwardPass pass)
    {
        if (!pass.Training && !pass.WantsLoads) return;
        using Tensor active_TBE = gate_TBE.detach().gt(Scalars.Held(0));
        if (pass.WantsLoads) pass.Report(new ExpertLoad(name, experts, active_TBE.sum(1).cpu().data<long>().ToArray()));
        if (!pass.Training) return;
        pass.AddPenalty((gate_TBE.mean() * penalty.clone()).sum());
        using IDisposable _ = no_grad();
        double now = active_TBE.to(float64).mean().item<double>();
        penalty.mul_(Scalars.Held(now > share ? PenaltyStep : 1 / PenaltyStep));
    }
}
