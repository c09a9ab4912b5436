using Ranking.Store.Tests;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// Beside the tests this program is the process that they stop and kill: a sink.
if (args is [SinkProcess.Verb, ..]) return await SinkProcess.LiveAsync(args);
return args.Contains("-automated") || args.Contains("@@")
    ? await ConsoleRunner.Run(args)
    : await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
