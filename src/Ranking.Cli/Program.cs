return await Ranking.Cli.CommandLine.Run(args);
