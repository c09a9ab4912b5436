using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.TokenMixerLarge;

/// <summary>
/// Sparse per-token mixture of experts (paper section 3): <c>y_t = α · Σ over the k−1 chosen of g_i E_i(x_t) + E_shared(x_t)</c>.
/// Experts belong to one token; the chosen gates are a softmax and sum to 1.
/// </summary>
/// <remarks>
/// Permute, one grouped product, unpermute (paper section 5). Letters: N tokens, B examples, W token width, R = E − 1 routed experts,
/// J = k − 1 of them chosen, S hidden width of one, A = N·R all experts, P = N·B·J chosen pairs, C places of an expert: the load of
/// the busiest one, so that nothing is dropped and all experts are one batched product.
/// </remarks>
sealed class SparsePerTokenMoe : IPerTokenFeedForward
{
    readonly string name;
    readonly int routed, chosen;
    readonly double alpha, balanceWeight, zLossWeight, dropout;
    readonly Tensor router_NWR, up_NRWS, gate_NRWS, down_NRSW;
    readonly PerTokenSwiGlu shared;

    public SparsePerTokenMoe(ParameterSet parameters, string name, int tokens, int width, int hidden, TokenMixerLargeSettings settings)
    {
        this.name = name;
        routed = settings.Experts - 1;
        chosen = settings.ActiveExperts - 1;
        alpha = settings.GateScale ?? (double)settings.Experts / settings.ActiveExperts;
        (balanceWeight, zLossWeight, dropout) = (settings.BalanceWeight, settings.ZLossWeight, settings.HiddenDropout);
        Setting.Require(hidden % settings.Experts == 0, "experts", settings.Experts, $"a divisor of the hidden width ({hidden})");
        int expert = hidden / settings.Experts;
        router_NWR = parameters.Add($"{name}.router", Initial.Xavier(), tokens, width, routed);
        up_NRWS = parameters.Add($"{name}.experts.up", Initial.Xavier(settings.UpGateScale), tokens, routed, width, expert);
        gate_NRWS = parameters.Add($"{name}.experts.gate", Initial.Xavier(settings.UpGateScale), tokens, routed, width, expert);
        down_NRSW = parameters.Add($"{name}.experts.down", Initial.Xavier(settings.DownScale), tokens, routed, expert, width);
        shared = new PerTokenSwiGlu(parameters, $"{name}.shared", tokens, width, expert, settings);
    }

    public Tensor Forward(Tensor x_NBW, ForwardPass pass)
    {
        Tensor logits_NBR = x_NBW.bmm(router_NWR);
        (Tensor top_NBJ, Tensor expert_NBJ) = logits_NBR.topk(chosen, -1);
        Tensor gate_NBJ = top_NBJ.softmax(-1);
        Tensor routed_NBW = Experts(x_NBW, gate_NBJ, expert_NBJ, out Tensor load_A);
        if (pass.Training) Penalise(logits_NBR, load_A, pass);
        if (pass.WantsLoads) pass.Report(new ExpertLoad(name, routed, load_A.cpu().data<long>().ToArray()));
        return (routed_NBW * Scalars.Held(alpha)).Plus(shared.Forward(x_NBW, pass));

        Tensor Experts(Tensor x_NBW, Tensor gate_NBJ, Tensor expert_NBJ, out Tensor load_A)
        {
            (long n, long b, long w) = (x_NBW.shape[0], x_NBW.shape[1], x_NBW.shape[2]);
            long all = n * routed, pairs = n * b * chosen, s = up_NRWS.shape[3];
            Tensor slot_P, row_AC;
            long places;
            using (no_grad())
            {
                // Permute: pairs sorted by expert; a pair's place is its rank among those of its expert.
                Tensor token_N11 = arange(Scalars.Held(n), int64, x_NBW.device).reshape(n, 1, 1);
                Tensor expert_P = (token_N11 * Scalars.Held((long)routed)).Plus(expert_NBJ).reshape(pairs);
                (Tensor sorted_P, Tensor order_P) = expert_P.sort(0, false, true);
                load_A = expert_P.bincount(null, all);
                places = Math.Max(1, load_A.max().item<long>());
                Tensor first_A = load_A.cumsum(0) - load_A;
                Tensor sortedSlot_P = (sorted_P * Scalars.Held(places)).Plus(arange(Scalars.Held(pairs), int64, x_NBW.device)) - first_A.index_select(0, sorted_P);
                slot_P = empty_like(sortedSlot_P).index_copy_(0, order_P, sortedSlot_P);
                // Places that no pair fills read row 0; nothing reads what becomes of them, so their gradient is zero.
                row_AC = zeros(all * places, int64, x_NBW.device).index_copy_(0, sortedSlot_P, order_P.div(Scalars.Held(chosen), RoundingMode.floor).to(int64));
            }
            Tensor x_ACW = x_NBW.reshape(n * b, w).index_select(0, row_AC).reshape(all, places, w);
            Tensor hidden_ACS = nn.functional.silu(x_ACW.bmm(gate_NRWS.reshape(all, w, s))) * x_ACW.bmm(up_NRWS.reshape(all, w, s));
            Tensor y_ACW = pass.Dropout(hidden_ACS, dropout).bmm(down_NRSW.reshape(all, s, w));
            // Unpermute: each pair's answer, weighted by its gate, summed over the chosen experts.
            Tensor y_NBJW = y_ACW.reshape(all * places, w).index_select(0, slot_P).reshape(n, b, chosen, w);
            return (gate_NBJ.unsqueeze(-1) * y_NBJW).sum(2);
        }
    }

    /// <summary>ONNX has no grouped product: all experts compute and the gates of those not chosen are zero. The same numbers, no time saved.</summary>
    public OnnxValue Export(OnnxValue x_NBW)
    {
        (OnnxValue top_NBJ, OnnxValue expert_NBJ) = x_NBW.MatMul(router_NWR).TopK(chosen);
        OnnxValue gate_NBR = (top_NBJ.Softmax().Unsqueeze(3) * expert_NBJ.OneHot(routed)).Sum(2), x_N1BW = x_NBW.Unsqueeze(1);
        OnnxValue y_NRBW = (x_N1BW.MatMul(gate_NRWS).Silu() * x_N1BW.MatMul(up_NRWS)).MatMul(down_NRSW);
        return (gate_NBR.Permute(0, 2, 1).Unsqueeze(3) * y_NRBW).Sum(1) * alpha + shared.Export(x_NBW);
    }

    /// <summary>Switch's load-balance loss (arXiv 2101.03961, eq. 4), a token at a time, and ST-MoE's z-loss (arXiv 2202.08906, eq. 5).</summary>
    void Penalise(Tensor logits_NBR, Tensor load_A, ForwardPass pass)
    {
        if (balanceWeight > 0)
        {
            double pairs = logits_NBR.shape[1] * chosen;
            Tensor share_NR = load_A.reshape(-1, routed).to(logits_NBR.dtype) / Scalars.Held(pairs);
            pass.AddPenalty((share_NR * logits_NBR.softmax(-1).mean([1])).sum(-1).mean() * Scalars.Held(balanceWeight * routed));
        }
        if (zLossWeight <= 0) return;
        Tensor z_NB = logits_NBR.logsumexp(-1);
        pass.AddPenalty((z_NB * z_NB).mean() * Scalars.Held(zLossWeight));
    }
}
