using System.Reflection;

namespace Ranking.Models.Tests;

public class ScalarsTests
{
    const byte Call = 0x28, CallVirtual = 0x6F;

    /// <summary>Calls after which a Scalar that nobody holds is used by native code: conversions of ours, and TorchSharp's methods that convert inside.</summary>
    static readonly string[] Hazards =
    [
        "Tensor.op_Addition(Tensor, Tensor)", "Tensor.op_Addition(Tensor, Scalar)", "Tensor.add(Tensor)", "Tensor.add(Scalar)", "Tensor.add_(Tensor)", "Tensor.add_(Scalar)",
        "Tensor.addcdiv(Tensor, Tensor)", "Tensor.addcdiv_(Tensor, Tensor)", "Tensor.square()",
    ];

    [Fact]
    public void No_number_becomes_a_scalar_that_may_be_freed_while_torch_reads_it()
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        string[] found = [.. typeof(RankingModel).Assembly.GetTypes().Where(t => t.Name != "Scalars")
            .SelectMany(type => type.GetMethods(all).Cast<MethodBase>().Concat(type.GetConstructors(all))
                .SelectMany(method => Called(type, method).Where(IsHazard).Select(called => $"{type.Name}.{method.Name} calls {called}")))];
        Assert.True(found.Length == 0, string.Join("; ", found));
    }

    static bool IsHazard(string called) => Hazards.Contains(called) || called.StartsWith("Scalar.op_Implicit", StringComparison.Ordinal)
        || (called.StartsWith("Tensor.op_", StringComparison.Ordinal) && new[] { "Int32", "Int64", "Single", "Double" }.Any(n => called.Contains(n, StringComparison.Ordinal)));

    /// <summary>Every five bytes that are a call of something; bytes that only look like one name nothing.</summary>
    static IEnumerable<string> Called(Type type, MethodBase method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        Type[]? ofType = type.IsGenericType ? type.GetGenericArguments() : null, ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int i = 0; i + 4 < code.Length; i++)
        {
            if (code[i] is not (Call or CallVirtual)) continue;
            MethodBase? called = null;
            try { called = method.Module.ResolveMethod(BitConverter.ToInt32(code, i + 1), ofType, ofMethod); }
            catch (ArgumentException) { }
            if (called is not null) yield return $"{called.DeclaringType?.Name}.{called.Name}({string.Join(", ", called.GetParameters().Select(p => p.ParameterType.Name))})";
        }
    }
}
