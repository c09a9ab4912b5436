using System.Text;
using Ranking.Training.Registry;

namespace Ranking.Training.Tests.Registry;

/// <summary>Small versions to publish.</summary>
static class Versions
{
    public static VersionInfo Info { get; } = new()
    {
        Kind = "dnn",
        FeatureHash = "f",
        SpecHash = "s",
        Machine = new MachineInfo("a processor", 2, "1.0", "cpu"),
    };

    public static void Write(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "tables"));
        File.WriteAllBytes(Path.Combine(folder, "weights.safetensors"), Encoding.UTF8.GetBytes(new string('w', 5000)));
        File.WriteAllText(Path.Combine(folder, "tables", "item"), "rows of items");
        File.WriteAllText(Path.Combine(folder, ModelVersion.SpecFile), "name: x\n");
        File.WriteAllText(Path.Combine(folder, ModelVersion.MetricsFile), "{}");
    }

    public static ModelRegistry Registry(TemporaryFolder folder, int versions)
    {
        ModelRegistry registry = new(folder.Path) { Wait = TimeSpan.Zero };
        for (int i = 0; i < versions; i++) registry.Publish("feed", Info, Write);
        return registry;
    }
}
