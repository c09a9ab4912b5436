using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ranking.Features.Spec.Reading;

namespace Ranking.Features.Spec.Schema;

/// <summary>What the code's XML docs say of spec records and their members.</summary>
sealed partial class XmlDocs(string xml)
{
    readonly Dictionary<string, XElement> members = XDocument.Parse(xml).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value, StringComparer.Ordinal);

    public string? Of(Type type) => Text(members.GetValueOrDefault($"T:{type.FullName}")?.Element("summary"));

    public string? Of(Enum value) => Text(members.GetValueOrDefault($"F:{value.GetType().FullName}.{value}")?.Element("summary"));

    /// <summary>The words of a member: of its property, or of the parameter of its record or of the record that this one inherits it from.</summary>
    public string? Of(Type record, SpecMember member)
    {
        if (member.Parameter is null) return Text(members.GetValueOrDefault($"P:{record.FullName}.{member.Property.Name}")?.Element("summary"));
        for (Type? type = record; type is not null; type = type.BaseType)
        {
            XElement? param = members.GetValueOrDefault($"T:{type.FullName}")?.Elements("param").FirstOrDefault(p => p.Attribute("name")?.Value == member.Parameter.Name);
            if (param is not null) return Text(param);
        }
        return null;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    static string? Text(XElement? element) => element is null ? null : Spaces().Replace(string.Concat(element.Nodes().Select(Text)), " ").Trim();

    static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "paramref" } name => RecordShape.SnakeCase(name.Attribute("name")!.Value),
        XElement { Name.LocalName: "see" } see => RecordShape.SnakeCase(see.Attribute("cref")!.Value.Split('.')[^1]),
        XElement element => element.Value,
        _ => "",
    };
}
