using Ranking.Streams.Tests;
using Ranking.Streams.Tests.Faults;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// Beside the tests this program is the process that they kill: a member of a pipeline.
if (args is [MemberProcess.Verb, ..]) return await MemberProcess.LiveAsync(args);
return args.Contains("-automated") || args.Contains("@@")
    ? await ConsoleRunner.Run(args)
    : await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
