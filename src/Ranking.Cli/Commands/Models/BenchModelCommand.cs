using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Models.Cuda;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking bench model</c>: how fast TokenMixer-Large's blocks train and score on this card.</summary>
internal sealed class BenchModelCommand : RankingCommand
{
    readonly Option<string> device = OptionFactory.Choice("--device", "Where; the CPU has no such measurement yet.", ["cuda"], "cuda"),
        kinds = OptionFactory.Choice("--kinds", "Dense blocks, sparse mixtures of experts, or both; tables: an ID table of 10 M rows of 64 on the card, with its lookups, gradients and Adagrad.", ["dense", "moe", "dense,moe", "tables"], "dense,moe");
    readonly Option<int> tokens = OptionFactory.Integer("--tokens", "T.", 16, 1, 64), width = OptionFactory.Integer("--width", "D.", 1024, 8, 2048), mixed = OptionFactory.Integer("--mixed", "H.", 16, 1, 256),
        hidden = OptionFactory.Integer("--hidden", "n: hidden width over token width.", 2, 1, 16), layers = OptionFactory.Integer("--layers", "L.", 4, 1, 64), batch = OptionFactory.Integer("--batch", "Samples a step.", 8192, 1, 1 << 20),
        experts = OptionFactory.Integer("--experts", "E of the sparse kind, the shared one included.", 8, 2, 9), active = OptionFactory.Integer("--active", "k of the sparse kind, the shared one included.", 4, 2, 9),
        repeats = OptionFactory.Integer("--repeats", "Timed runs of each part.", 20, 1, 10_000);
    readonly Option<bool> profile = OptionFactory.Flag("--profile", "Also one line a kind with milliseconds by kind of launch.");

    public BenchModelCommand() : base("model", "Time steps, gradients and scoring of TokenMixer-Large's blocks, or ID tables, on a card: one JSON object a line.", "ranking bench model --device cuda --batch 8192")
    {
        foreach (Option option in (Option[])[device, kinds, tokens, width, mixed, hidden, layers, batch, experts, active, repeats, profile]) Add(option);
    }

    public override bool Streams => true;

    public override Task<int> RunAsync(Invocation run)
    {
        BackboneShape shape = new()
        {
            Tokens = run.Get(tokens),
            Width = run.Get(width),
            Mixed = run.Get(mixed),
            Hidden = run.Get(hidden),
            Layers = run.Get(layers),
            Batch = run.Get(batch),
            Experts = run.Get(experts),
            Active = run.Get(active),
        };
        try
        {
            if (run.Get(kinds) == "tables") TableBench.Run(run.Get(batch), run.Get(repeats), Line);
            else ModelBench.Run(new ModelBench.Options(shape.Validate()) { Kinds = run.Get(kinds).Split(','), Repeats = run.Get(repeats), Profile = run.Get(profile) }, Line);
        }
        catch (ArgumentException e) { throw new RankingException(ErrorCodes.WrongUsage, e.Message, e); }
        catch (CudaException e) { throw new RankingException(ErrorCodes.DeviceUnavailable, e.Message, e); }
        return Task.FromResult(0);

        void Line(IReadOnlyDictionary<string, object> line)
        {
            run.Terminal.Line(line);
            run.Terminal.Flush();
        }
    }
}
