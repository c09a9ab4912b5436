using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ranking.Features.Errors;
using Ranking.Serving.Ranking;
using Ranking.Serving.Telemetry;

namespace Ranking.Serving.Http;

/// <summary>What every endpoint has around it: problem details for whatever goes wrong, and metrics.</summary>
internal sealed class EndpointShell(RankerMetrics metrics, ILogger<EndpointShell> log)
{
    /// <summary>Status that means: the caller went away; nobody reads it, the metric does.</summary>
    const int ClientClosed = 499;

    public RequestDelegate Around(string name, Func<HttpContext, Task> handle) => async http =>
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            await handle(http).ConfigureAwait(false);
        }
        catch (RequestRefusedException e)
        {
            metrics.Refused(e.Error.Code);
            await ProblemWriter.WriteAsync(http, e).ConfigureAwait(false);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            http.Response.StatusCode = http.Response.HasStarted ? http.Response.StatusCode : ClientClosed;
        }
        catch (BadHttpRequestException e) // Kestrel: a body that ends early or arrives too slowly
        {
            metrics.Refused(ErrorCodes.RequestInvalid.Code);
            await ProblemWriter.WriteAsync(http, e.StatusCode, ErrorCodes.RequestInvalid, e.Message).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A bug must not take the connection, and its stack belongs in our log, not in the answer.
        catch (Exception e)
#pragma warning restore CA1031
        {
            metrics.Refused(ErrorCodes.Internal.Code);
            log.RequestFailed(http.Request.Method, http.Request.Path, e);
            await ProblemWriter.WriteAsync(http, 500, ErrorCodes.Internal, "the request could not be answered; the server's log says why").ConfigureAwait(false);
        }
        metrics.Request(name, http.Response.StatusCode, Stopwatch.GetElapsedTime(start));
    };
}
