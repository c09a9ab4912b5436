using System.Xml.Linq;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Ranking.EndToEnd.Tests.Architecture;

/// <summary>References point one way (ARCHITECTURE.md, projects).</summary>
public class ReferenceTests
{
    static readonly string[] Projects = ["Mbat", "Features", "Client", "Models", "Streams", "Store", "Training", "Serving", "Cli"];

    static readonly Lazy<ArchUnitNET.Domain.Architecture> Loaded = new(() => new ArchLoader().LoadAssemblies([.. Projects.Select(Named)]).Build());

    [Theory]
    [InlineData("Mbat", "")]
    [InlineData("Client", "")]
    [InlineData("Features", "Mbat")]
    [InlineData("Models", "Features")]
    [InlineData("Streams", "Features")]
    [InlineData("Store", "Features Streams")]
    [InlineData("Training", "Models Store Streams")]
    [InlineData("Serving", "Client Models Store Streams Training")] // Training: the registry lives there
    [InlineData("Cli", "Client Serving Training")]
    public void Projects_reference_exactly(string project, string references)
    {
        XDocument file = XDocument.Load(Path.Combine(Repository.Root, "src", $"Ranking.{project}", $"Ranking.{project}.csproj"));
        IEnumerable<string> found = file.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value)["Ranking.".Length..]);
        Assert.Equal(references.Split(' ', StringSplitOptions.RemoveEmptyEntries), found.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Mbat", "Features Client Models Streams Store Training Serving Cli")]
    [InlineData("Features", "Client Models Streams Store Training Serving Cli")]
    [InlineData("Client", "Mbat Features Models Streams Store Training Serving Cli")]
    [InlineData("Models", "Client Streams Store Training Serving Cli")]
    [InlineData("Streams", "Client Models Store Training Serving Cli")]
    [InlineData("Store", "Client Models Training Serving Cli")]
    [InlineData("Training", "Client Serving Cli")]
    [InlineData("Serving", "Cli")]
    public void Types_depend_on_no_type_above_them(string project, string above)
    {
        foreach (string other in above.Split(' '))
        {
            Types().That().ResideInAssembly(Named(project)).Should().NotDependOnAny(Types().That().ResideInAssembly(Named(other)))
                .Because("references point one way").Check(Loaded.Value);
        }
    }

    [Theory]
    [InlineData("TorchSharp", "Models Training Serving Cli")] // Cli: doctor asks libtorch what it is
    [InlineData("Confluent.Kafka", "Streams Store Training Cli")]
    [InlineData("StackExchange.Redis", "Store Serving Cli")]
    [InlineData("DuckDB.NET.Data", "Streams Cli")]
    [InlineData("RocksDbSharp", "Streams Cli")]
    [InlineData("Garnet.server", "Store")]
    [InlineData("Microsoft.AspNetCore.Routing", "Serving")]
    [InlineData("Spectre.Console", "Cli")]
    public void A_library_is_used_only_where_its_job_is(string library, string allowed)
    {
        string[] users = [.. Projects.Where(p => Named(p).GetReferencedAssemblies().Any(a => a.Name == library))];
        Assert.Empty(users.Except(allowed.Split(' ')));
    }

    static Assembly Named(string project) => Assembly.Load(project == "Cli" ? "ranking" : $"Ranking.{project}");
}
