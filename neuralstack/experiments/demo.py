"""The demonstration: train the default machine, test it on longer strings than it was trained on, and look at it."""

import shutil
import sys
from pathlib import Path

from neuralstack._runtime import keep_memory, use_compilation_cache
from neuralstack.evaluation import evaluate, fixed_set, predict
from neuralstack.experiments.reversal import FLAMANT, PUBLISHED
from neuralstack.reporting import Table, Viewer, page, plot_curves, plot_trace, report_table, trace
from neuralstack.training import Run, build_task, complete, configure, load, train

PATH = Path("runs/demo")
TEXT = "A string to reverse"


def main() -> None:
    """Train into `runs/demo`, evaluate on both fixed sets, save the figures, and answer one typed example."""
    keep_memory()
    use_compilation_cache()
    shutil.rmtree(PATH, ignore_errors=True)  # the demonstration's own directory, replaced each time
    config = complete(configure("reversal", evaluate_every=25, stop_after_perfect=5))
    print("Training a GRU with a neural stack to reverse strings of 8 to 64 symbols from an alphabet of 128.")
    outcome = train(config, PATH)
    print(f"Trained for {outcome.steps} batches in {outcome.seconds:.1f} s: {outcome.message}.")
    if outcome.advice is not None:
        print(outcome.advice.text())
    if outcome.status == "interrupted":
        sys.exit(130)

    run, machine, task = Run(PATH), load(PATH), build_task(config)
    validation = evaluate(machine, fixed_set(task, task.train_lengths))
    test = evaluate(machine, fixed_set(task, task.test_lengths))
    print(report_table("On 1000 strings longer than any it was trained on", test), end="\n\n")
    ours = ("GRU + stack", "this run", f"{validation.coarse:.3f}", f"{test.coarse:.3f}")
    published = [
        (row.machine, row.source, f"{row.train_coarse:.3f}", f"{row.test_coarse:.3f}")
        for row in PUBLISHED
        if row.source == FLAMANT
    ]
    columns = ("machine", "source", "lengths 8-64", "lengths 65-128")
    print(Table("Strings reversed without an error", columns, [ours, *published], 2), end="\n\n")

    plot_curves({"GRU + stack": run.metrics()}, run.file("figures/curves"))
    plot_trace(trace(machine, task, TEXT, name=str(PATH)), run.file("figures/trace"))
    print(f"Figures: {PATH}/figures/curves.png and {PATH}/figures/trace.png (what the stack did)")
    traces = Viewer.from_runs([PATH], ["untrained", "soft", "hard"]).traces(TEXT)
    run.write("trace.html", page(traces))
    print(f"Open {PATH}/trace.html to play it: before training, trained, and with every action rounded to 0 or 1.")
    answered = predict(machine, TEXT, task).text
    print(f'neuralstack predict {PATH} "{TEXT}"')
    print(answered)
    print(
        f"neuralstack harden {PATH} writes down the program that it learned; neuralstack view {PATH} serves the page."
    )


if __name__ == "__main__":
    main()
