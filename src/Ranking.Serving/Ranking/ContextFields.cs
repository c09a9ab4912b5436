using Ranking.Features.Events;
using Ranking.Features.Spec;

namespace Ranking.Serving.Ranking;

/// <summary>Reads values of a spec's context fields: those of the request from its <c>context</c>, those of a candidate from its <c>features</c>.</summary>
internal sealed class ContextFields
{
    readonly RankingSpec spec;
    readonly KeySet keys;
    readonly int maxIds;

    public ContextFields(RankingSpec spec, int maxIds)
    {
        this.spec = spec;
        this.maxIds = maxIds;
        keys = new("the spec's context", [.. spec.Context.Keys]);
    }

    public int Count => spec.Context.Count;

    /// <summary>Reads the object that the reader is at into <paramref name="values"/>.</summary>
    public void Read(ref BodyReader json, JsonPlace place, ContextScope scope, FieldValue[] values)
    {
        json.RequireObject(place, "an object of context fields");
        ulong seen = 0;
        while (json.NextKey(keys, ref seen, place, out int field))
        {
            string name = keys.Names[field];
            JsonPlace at = place.Inner is null && place.Index < 0 ? place with { Inner = name } : place with { Key = name };
            ContextFieldSpec declared = spec.Context[name];
            if (declared.Per != scope)
            {
                throw RequestRefusedException.Field400(at.ToString(), name, declared.Per == ContextScope.Request
                    ? $"it in $.context: the spec gives {name} one value for a whole request"
                    : $"it in $.candidates[i].features: the spec gives every candidate its own {name}");
            }
            values[field] = json.IsNull ? FieldValue.Missing : declared.Type switch
            {
                FieldType.Id => FieldValue.Of(json.Id(at)),
                FieldType.Number => FieldValue.Of(json.Number(at)),
                _ => FieldValue.Of(ReadIds(ref json, at)),
            };
        }
    }

    string[] ReadIds(ref BodyReader json, JsonPlace place)
    {
        json.RequireList(place, "a list of ids");
        var ids = new List<string>();
        while (json.NextElement())
        {
            if (ids.Count == maxIds) throw RequestRefusedException.Field400(place.ToString(), $"more than {maxIds} ids", $"at most {maxIds}");
            ids.Add(json.Id(place with { At = ids.Count }));
        }
        return [.. ids];
    }
}
