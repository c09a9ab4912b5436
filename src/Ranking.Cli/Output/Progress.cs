using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Ranking.Cli.Output;

/// <summary>Progress of long work on standard error: bars where a person looks, otherwise a line at a step's start, every ten seconds and at its end.</summary>
internal sealed class Progress
{
    readonly Terminal terminal;
    readonly ProgressContext? bars;

    Progress(Terminal terminal, ProgressContext? bars) => (this.terminal, this.bars) = (terminal, bars);

    /// <summary>Runs work that shows its progress.</summary>
    public static Task<T> Run<T>(Terminal terminal, Func<Progress, Task<T>> work) => !terminal.Interactive
        ? work(new(terminal, null))
        : terminal.Errors.Progress().HideCompleted(false).AutoClear(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new SpinnerColumn())
            .StartAsync(context => work(new(terminal, context)));

    /// <summary>Begins a step; disposing it ends it.</summary>
    /// <param name="name">A few words, such as <c>replay</c>.</param>
    /// <param name="total">How much there is to do; null where nobody knows.</param>
    public Step Begin(string name, double? total = null) => new(this, name, total);

    /// <summary>One step of the work.</summary>
    public sealed class Step : IDisposable
    {
        readonly Progress owner;
        readonly string name;
        readonly ProgressTask? bar;
        readonly Stopwatch watch = Stopwatch.StartNew();
        readonly Lock gate = new();
        double? total;
        double value;
        string note = "";
        TimeSpan shown;

        internal Step(Progress owner, string name, double? total)
        {
            (this.owner, this.name, this.total) = (owner, name, total);
            bar = owner.bars?.AddTask(Markup.Escape(name), maxValue: total ?? 1);
            if (bar is not null && total is null) bar.IsIndeterminate = true;
            if (bar is null) Line("started");
        }

        /// <summary>Says how much is done.</summary>
        /// <param name="done">In the unit of the total.</param>
        /// <param name="text">What else to show, such as a loss.</param>
        /// <param name="of">A total that became known, or grew.</param>
        public void Report(double done, string? text = null, double? of = null)
        {
            lock (gate)
            {
                (value, note, total) = (done, text ?? note, of ?? total);
                if (bar is not null)
                {
                    if (total is { } most) (bar.MaxValue, bar.IsIndeterminate) = (Math.Max(most, 1e-9), false);
                    bar.Value = done;
                    bar.Description = Markup.Escape(note.Length > 0 ? $"{name}: {note}" : name);
                }
                else if (watch.Elapsed - shown > TimeSpan.FromSeconds(10))
                {
                    shown = watch.Elapsed;
                    Line(Amount());
                }
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (gate)
            {
                if (bar is null) Line($"done in {watch.Elapsed.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture)} s{(value > 0 ? ", " + Amount() : "")}");
                else
                {
                    bar.IsIndeterminate = false;
                    bar.Value = bar.MaxValue;
                    bar.StopTask();
                }
            }
        }

        string Amount() => string.Create(CultureInfo.InvariantCulture, $"{value:N0}{(total is { } most ? $" of {most:N0}" : "")}{(note.Length > 0 ? " · " + note : "")}");

        void Line(string text) => owner.terminal.Errors.WriteLine($"{name}: {text}");
    }
}
