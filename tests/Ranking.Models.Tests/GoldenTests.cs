using Ranking.Models.Networks;
using Ranking.Models.Optimizers;
using Ranking.Models.RankMixer;
using Ranking.Models.TokenMixerLarge;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Tests;

public class GoldenTests
{
    const string Absent = "absent";

    public static TheoryData<string, bool> Cases()
    {
        string[] folders = Directory.Exists(GoldenCase.Root)
            ? [.. Directory.GetDirectories(GoldenCase.Root).Where(f => File.Exists(Path.Combine(f, "case.json"))).Select(f => Path.GetFileName(f)).Order()]
            : [];
        TheoryData<string, bool> data = [];
        foreach (string name in folders.DefaultIfEmpty(Absent))
        {
            data.Add(name, true);
            data.Add(name, false);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_reference_case_agrees(string name, bool doubles)
    {
        if (name == Absent) Assert.Skip($"there are no reference numbers in {GoldenCase.Root}; set RANKING_GOLDEN");
        using DisposeScope scope = NewDisposeScope();
        GoldenCase golden = GoldenCase.Read(name);
        Compare(new Run(golden, doubles ? ScalarType.Float64 : ScalarType.Float32, doubles ? new(1e-9, 1e-9, 1e-9) : Single, CPU), golden);
    }

    public static TheoryData<string> Names() => [.. Cases().Select(c => c.Data.Item1).Distinct()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_reference_case_agrees_on_a_card(string name)
    {
        if (name == Absent) Assert.Skip($"there are no reference numbers in {GoldenCase.Root}; set RANKING_GOLDEN");
        if (!cuda.is_available()) Assert.Skip($"the libtorch in {Torch.LoadedFrom} finds no CUDA device");
        using DisposeScope scope = NewDisposeScope();
        GoldenCase golden = GoldenCase.Read(name);
        Compare(new Run(golden, ScalarType.Float32, Single, CUDA), golden);
    }

    static readonly Tolerance Single = new(1e-5, 1e-4, 1e-3);

    static void Compare(Run run, GoldenCase golden)
    {
        if (golden.Has("model")) run.WholeModel();
        else if (golden.Has("W")) run.FeedForward();
        else run.MixAndRevert();
    }

    sealed record Tolerance(double Output, double Gradient, double Adagrad);

    sealed class Run(GoldenCase golden, ScalarType type, Tolerance tolerance, Device device)
    {
        Tensor Given(string name) => golden.Tensor(name, type).to(device);

        public void MixAndRevert()
        {
            Tensor x_TBD = Given("x").transpose(0, 1);
            foreach (int h in golden.Settings.GetProperty("H").EnumerateArray().Select(e => e.GetInt32()))
            {
                Tensor m_HBW = Mixing.Mix(x_TBD, h);
                golden.Check($"mix{h}", m_HBW.transpose(0, 1), tolerance.Output);
                Assert.True(Mixing.Revert(m_HBW, golden.Int("T")).equal(x_TBD).all().item<bool>());
            }
        }

        public void FeedForward()
        {
            using ParameterSet parameters = new(1, type, device);
            int width = golden.Int("W"), tokens = golden.Int("tokens"), hidden = (int)Math.Round(golden.Number("n") * width);
            TokenMixerLargeSettings settings = Experts(new TokenMixerLargeSettings());
            IPerTokenFeedForward layer = settings.Experts > 0
                ? new SparsePerTokenMoe(parameters, "f", tokens, width, hidden, settings)
                : new PerTokenSwiGlu(parameters, "f", tokens, width, hidden, settings);
            LoadWeights(parameters);
            using ForwardPass pass = ForwardPass.Train(1, 1, device);
            Tensor x = Given("x").requires_grad_(true);
            Tensor y = layer.Forward(x.transpose(0, 1), pass).transpose(0, 1);
            y.square().sum().backward();
            golden.Check("y", y, tolerance.Output);
            golden.Check("grad.x", x.grad!, tolerance.Gradient);
            CheckGradients(parameters);
        }

        public void WholeModel()
        {
            using ParameterSet parameters = new(1, type, device);
            int tasks = golden.Int("tasks");
            List<Tensor> inputs = [.. golden.TensorNames.Where(n => n.StartsWith("input", StringComparison.Ordinal))
                .Select((_, i) => Given($"input{i}").requires_grad_(true))];
            Func<ForwardPass, NetworkOutput> forward;
            if (golden.Settings.GetProperty("model").GetString() == "rankmixer")
            {
                RankMixerSettings settings = new() { Tokens = golden.Int("T"), Dim = golden.Int("D"), Expansion = golden.Int("k"), Layers = golden.Int("L") };
                // The case starts from tokens: the slices, which it lacks, get no gradient and stay.
                RankMixerNetwork network = new(InputShape.OfGroups([settings.Tokens]), tasks, settings, parameters);
                forward = pass => network.ForwardTokens(inputs[0].transpose(0, 1), pass);
            }
            else
            {
                TokenMixerLargeSettings settings = Experts(new TokenMixerLargeSettings
                {
                    Reading = Enum.Parse<BlockReading>(golden.Settings.GetProperty("reading").GetString()!),
                    Dim = golden.Int("D"),
                    MixedTokens = golden.Int("H"),
                    Expansion = golden.Number("n"),
                    Layers = golden.Int("L"),
                    InterLayerGap = golden.Int("g"),
                    AuxiliaryWeight = golden.Number("lambda"),
                    NormEpsilon = golden.Number("eps", 1e-6),
                });
                InputShape shape = InputShape.OfGroups([.. inputs.Select(i => (int)i.shape[1])]);
                TokenMixerLargeNetwork network = new(shape, tasks, settings, parameters);
                forward = pass => network.Forward(new NetworkInput(cat(inputs.ToArray(), 1)), pass);
            }
            LoadWeights(parameters);
            Tensor labels = Given("labels");
            using ForwardPass pass = ForwardPass.Train(1, 1, device);
            (NetworkOutput output, Tensor loss) = Loss();
            loss.backward();
            golden.Check("logits", output.Logits_BK, tolerance.Output);
            golden.Check("loss", loss.reshape(1), tolerance.Output);
            Assert.Equal(golden.TensorNames.Count(n => n.StartsWith("aux_logits", StringComparison.Ordinal)), output.Auxiliary_BK.Count);
            for (int i = 0; i < output.Auxiliary_BK.Count; i++) golden.Check($"aux_logits{i}", output.Auxiliary_BK[i], tolerance.Output);
            for (int i = 0; i < inputs.Count; i++) golden.Check($"grad.input{i}", inputs[i].grad!, tolerance.Gradient);
            CheckGradients(parameters);

            System.Text.Json.JsonElement adagrad = golden.Settings.GetProperty("adagrad");
            using Adagrad optimizer = new(parameters, adagrad.GetProperty("eps").GetDouble());
            foreach (Tensor parameter in parameters.Parameters) parameter.grad = null;
            List<Tensor> losses = [];
            for (int step = 0; step < adagrad.GetProperty("steps").GetInt32(); step++)
            {
                (_, loss) = Loss();
                loss.backward();
                optimizer.Step(adagrad.GetProperty("lr").GetDouble());
                losses.Add(loss.detach());
            }
            golden.Check("adagrad.losses", stack(losses, 0), tolerance.Output);
            foreach (string name in Known(parameters)) golden.Check($"adagrad.param.{name}", parameters[name], tolerance.Adagrad);

            (NetworkOutput, Tensor) Loss()
            {
                NetworkOutput answer = forward(pass);
                return (answer, Losses.Of(answer, labels, null, golden.Number("lambda"), pass));
            }
        }

        TokenMixerLargeSettings Experts(TokenMixerLargeSettings settings) => golden.Int("E") == 0 ? settings : settings with
        {
            Experts = golden.Int("E"),
            ActiveExperts = golden.Int("k"),
            GateScale = golden.Number("alpha"),
        };

        void LoadWeights(ParameterSet parameters)
        {
            string[] known = [.. Known(parameters)];
            Assert.Equal(golden.TensorNames.Where(n => n.StartsWith("param.", StringComparison.Ordinal)).Select(n => n["param.".Length..]).Order(), known.Order());
            foreach (string name in known) parameters.Set(name, Given($"param.{name}").reshape(parameters[name].shape));
        }

        void CheckGradients(ParameterSet parameters)
        {
            foreach (string name in Known(parameters)) golden.Check($"grad.param.{name}", parameters[name].grad!, tolerance.Gradient);
        }

        static IEnumerable<string> Known(ParameterSet parameters) => parameters.ParameterNames.Where(n => !n.StartsWith("slices.", StringComparison.Ordinal));

    }
}
