using Ranking.Models.Cuda;

try { return ModelBench.Run(ModelBench.Parse(args), Console.Out); }
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
