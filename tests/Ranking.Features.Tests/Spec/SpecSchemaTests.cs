using System.Text.Json.Nodes;
using NJsonSchema;
using NJsonSchema.Validation;
using Ranking.Features.Spec;
using Ranking.Features.Spec.Schema;
using YamlDotNet.Serialization;

namespace Ranking.Features.Tests.Spec;

public class SpecSchemaTests
{
    static readonly string File = Path.Combine(Repository.Root, "features", "spec.schema.json");
    static readonly string Generated = SpecSchema.Generate(System.IO.File.ReadAllText(Path.ChangeExtension(typeof(RankingSpec).Assembly.Location, "xml")));

    /// <summary>With RANKING_UPDATE=1 the test writes the file instead.</summary>
    [Fact]
    public void The_file_is_what_the_types_say()
    {
        if (Environment.GetEnvironmentVariable("RANKING_UPDATE") == "1") System.IO.File.WriteAllText(File, Generated);
        Assert.Equal(System.IO.File.ReadAllText(File), Generated);
    }

    [Fact]
    public void Every_key_has_a_description()
    {
        var bare = new List<string>();
        void Walk(JsonNode? node, string path)
        {
            if (node is JsonArray array)
                for (int i = 0; i < array.Count; i++) Walk(array[i], $"{path}/{i}");
            if (node is not JsonObject o) return;
            foreach ((string key, JsonNode? value) in o)
            {
                if (key == "properties")
                    foreach ((string name, JsonNode? property) in value!.AsObject())
                        if (name != "type" && property!["description"] is null) bare.Add($"{path}/{name}");
                Walk(value, $"{path}/{key}");
            }
        }
        Walk(JsonNode.Parse(Generated), "");
        Assert.Empty(bare);
    }

    [Fact]
    public async Task It_accepts_the_specs_that_the_reader_accepts()
    {
        JsonSchema schema = await JsonSchema.FromJsonAsync(Generated, TestContext.Current.CancellationToken);
        Assert.Empty(Errors(schema, Specs.Small));
        foreach (string folder in Directory.GetDirectories(Path.Combine(Repository.Root, "features")))
            Assert.Empty(Errors(schema, System.IO.File.ReadAllText(Path.Combine(folder, SpecReader.FileName))));
    }

    [Theory]
    [InlineData("delay: 30s", "delay: 30 s")]
    [InlineData("version: 1", "version: 2")]
    [InlineData("per: candidate", "per: user")]
    [InlineData("keep: 0.5", "keep: 0")]
    [InlineData("type: since, of: click", "type: since, off: click")]
    [InlineData("type: since", "type: sinc")]
    [InlineData("d: 32", "d: wide")]
    [InlineData("feedback: order, window: 1d", "feedback: order")]
    public async Task It_refuses_what_the_reader_refuses(string right, string wrong)
    {
        string text = Specs.Small.Replace(right, wrong, StringComparison.Ordinal);
        Assert.NotEqual(Specs.Small, text);
        JsonSchema schema = await JsonSchema.FromJsonAsync(Generated, TestContext.Current.CancellationToken);
        Assert.NotEmpty(Errors(schema, text));
        Assert.Throws<SpecException>(() => Specs.Parse(text));
    }

    static ICollection<ValidationError> Errors(JsonSchema schema, string yaml)
    {
        object? document = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(yaml);
        return schema.Validate(new SerializerBuilder().JsonCompatible().Build().Serialize(document));
    }
}
