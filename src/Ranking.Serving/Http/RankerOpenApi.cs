using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Ranking.Client;
using Ranking.Client.Formats;

namespace Ranking.Serving.Http;

/// <summary>Marks an endpoint with which operation of the document it is.</summary>
internal sealed record RankerOperation(string Id);

/// <summary>Describes the endpoints: they read and write bodies themselves, so nothing can be inferred from their signatures.</summary>
internal static class RankerOpenApi
{
    public static void Configure(OpenApiOptions options)
    {
        options.AddOperationTransformer(DescribeAsync);
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(Candidate)) schema.Description = "An item's id as text, or {\"id\", \"features\"}.";
            if (context.JsonTypeInfo.Type == typeof(FeatureValue)) schema.Description = "An id as text, a number, a list of ids, or null.";
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Ranking";
            document.Info.Description = "Ranks candidates for a user and finds similar documents. Errors are RFC 9457 problem details with a stable code.";
            return Task.CompletedTask;
        });
    }

    static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        RankerOperation? marked = context.Description.ActionDescriptor.EndpointMetadata.OfType<RankerOperation>().FirstOrDefault();
        if (marked is null) return;
        operation.OperationId = marked.Id;
        (string summary, Type? request, Type? answer) = marked.Id switch
        {
            "rank" => ("Ranks candidates for a user.", typeof(RankRequest), typeof(RankAnswer)),
            "similar" => ("Finds the documents nearest to a document, an item or a vector.", typeof(SimilarRequest), typeof(SimilarAnswer)),
            "models" => ("Lists the model versions that this process holds.", null, typeof(ModelsAnswer)),
            "healthz" => ("Whether the process is alive.", null, (Type?)null),
            _ => ("Whether a model is loaded and warm.", null, null),
        };
        operation.Summary = summary;
        if (request is not null) operation.RequestBody = new OpenApiRequestBody { Required = true, Content = await ContentAsync(request).ConfigureAwait(false) };
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse { Description = "Done.", Content = answer is null ? null : await ContentAsync(answer).ConfigureAwait(false) },
        };
        IOpenApiSchema problem = await context.GetOrCreateSchemaAsync(typeof(Problem), null, cancel).ConfigureAwait(false);
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "Problem details with a code RNK####, and the field where one is wrong.",
            Content = new Dictionary<string, OpenApiMediaType> { [ProblemWriter.MediaType] = new() { Schema = problem } },
        };

        async Task<Dictionary<string, OpenApiMediaType>> ContentAsync(Type type)
        {
            IOpenApiSchema schema = await context.GetOrCreateSchemaAsync(type, null, cancel).ConfigureAwait(false);
            return new() { [MediaTypes.Json] = new() { Schema = schema }, [RankingMessagePack.MediaType] = new() { Schema = schema } };
        }
    }
}
