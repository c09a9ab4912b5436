using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Ranking.Features.Spec.Reading;

/// <summary>A member of a spec record as a key of the file.</summary>
/// <param name="Name">The key, in snake_case.</param>
/// <param name="Type">Its type.</param>
/// <param name="Required">Whether it has no default.</param>
/// <param name="Default">Its default, if it has one; null where the record computes it.</param>
/// <param name="Property">The record's property.</param>
/// <param name="Parameter">The constructor's parameter; null where the property is set.</param>
sealed record SpecMember(string Name, Type Type, bool Required, object? Default, PropertyInfo Property, ParameterInfo? Parameter)
{
    public T? Attribute<T>() where T : Attribute => Parameter?.GetCustomAttribute<T>() ?? Property.GetCustomAttribute<T>();
}

/// <summary>How a spec record looks in the file. Reader, writer and JSON schema share it, so they cannot differ.</summary>
sealed class RecordShape
{
    static readonly ConcurrentDictionary<Type, RecordShape> Known = new();
    static readonly Dictionary<string, Type> KindsOfFeature = typeof(FeatureSpec).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(FeatureSpec)) && !t.IsAbstract).OrderBy(t => t.MetadataToken)
        .ToDictionary(t => SnakeCase(t.Name[..^nameof(FeatureSpec).Length]), StringComparer.Ordinal);

    readonly ConstructorInfo constructor;

    RecordShape(Type type)
    {
        Type = type;
        constructor = type.GetConstructors().MaxBy(c => c.GetParameters().Length)!; // copy constructors are not public
        ParameterInfo[] parameters = constructor.GetParameters();
        Members = parameters.Length > 0 ? [.. parameters.Select(OfParameter)] : OfProperties();
    }

    public Type Type { get; }

    public IReadOnlyList<SpecMember> Members { get; }

    /// <summary>The kinds of feature by the name that <c>type</c> gives them.</summary>
    public static IReadOnlyDictionary<string, Type> FeatureKinds => KindsOfFeature;

    public static RecordShape Of(Type type) => Known.GetOrAdd(type, static t => new(t));

    public static string SnakeCase(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>The name of a feature's kind in the file.</summary>
    public static string KindOf(Type feature) => KindsOfFeature.First(k => k.Value == feature).Key;

    /// <summary>The record with these values of its members; a default where <paramref name="given"/> says that there is none.</summary>
    public object Construct(IReadOnlyDictionary<SpecMember, object?> given)
    {
        if (constructor.GetParameters().Length > 0)
            return constructor.Invoke([.. Members.Select(m => given.TryGetValue(m, out object? value) ? value : m.Default)]);
        object record = constructor.Invoke([]);
        foreach ((SpecMember member, object? value) in given) member.Property.SetValue(record, value);
        return record;
    }

    SpecMember OfParameter(ParameterInfo parameter) => new(SnakeCase(parameter.Name!), parameter.ParameterType, !parameter.HasDefaultValue,
        DefaultOf(parameter), Type.GetProperty(parameter.Name!)!, parameter);

    static object? DefaultOf(ParameterInfo parameter)
    {
        if (!parameter.HasDefaultValue) return null;
        Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return parameter.DefaultValue is { } value && type.IsEnum ? Enum.ToObject(type, value) : parameter.DefaultValue;
    }

    SpecMember[] OfProperties()
    {
        object defaults = constructor.Invoke([]);
        return [.. Type.GetProperties().Where(p => p.CanWrite).OrderBy(p => p.MetadataToken).Select(p => new SpecMember(
            SnakeCase(p.Name), p.PropertyType, p.GetCustomAttribute<RequiredMemberAttribute>() is not null, p.GetValue(defaults), p, null))];
    }
}
