"""`neuralstack compare`."""

from dataclasses import dataclass

from neuralstack.cli._kinds import Count, Lengths, OptionalPath, RunPaths
from neuralstack.cli._output import print_table
from neuralstack.cli._own_options import OwnOptions
from neuralstack.cli._progress import show_progress


@dataclass(frozen=True)
class Compare(OwnOptions):
    """Measure runs side by side, and draw their learning curves and their accuracy by length."""

    runs: RunPaths
    """Directories of runs of one task."""
    lengths: Lengths = None
    """Shortest and longest source of the fixed set. Defaults to the shortest trained and the longest tested."""
    count: Count = 1000
    """Number of sequences in the fixed set."""
    harden: bool = False
    """Also measure each machine hardened."""
    out: OptionalPath = None
    """Directory of the figures. Defaults to figures/compared in the first run's directory."""
    json: bool = False
    """Print one JSON object, with the output of evaluate --json for each run."""

    def __call__(self) -> int:
        """Measure, draw, print."""
        from neuralstack._json import to_json_text
        from neuralstack.discretization import harden
        from neuralstack.evaluation import evaluate, fixed_set
        from neuralstack.reporting import comparison_table, plot_curves, plot_lengths
        from neuralstack.tasks import Characters
        from neuralstack.training import Run, own_of_each, require_machine

        if len(set(self.runs)) < max(len(self.runs), 1):
            raise ValueError("give at least one run to compare, and each only once.")
        opened = {str(path): Run.open(path) for path in self.runs}
        named = own_of_each([run.recorded()[0] for run in opened.values()], self.own)
        tasks = [run.task(**names) for run, names in zip(opened.values(), named, strict=True)]
        task = tasks[0]
        if len({(type(other), other.vocabulary) for other in tasks}) > 1 or isinstance(task, Characters):
            raise ValueError("compare measures runs of one task, other than characters: give such runs.")
        lengths = self.lengths or (task.train_lengths[0], task.test_lengths[1])
        data, machines = fixed_set(task, lengths, self.count), {}
        for (name, run), of_run, own in zip(opened.items(), tasks, named, strict=True):
            machines[name] = run.load_model(memory=own.get("memory"), controller=own.get("controller"))
            if self.harden:
                machines[f"{name}, hardened"] = harden(require_machine(machines[name], name), of_run)
        reports = {}
        for name, machine in machines.items():
            with show_progress(f"evaluating {name!r}") as show:
                reports[name] = evaluate(machine, data, progress=show)
        out = self.out or self.runs[0] / "figures" / "compared"
        trained = {of_run.train_lengths for of_run in tasks}
        plot_lengths(reports, out / "lengths", trained.pop() if len(trained) == 1 else None)
        plot_curves({name: run.metrics() for name, run in opened.items()}, out / "curves")
        if self.json:
            print(to_json_text({name: report._asdict() for name, report in reports.items()}))
            return 0
        steps = {name: run.metrics()[-1]["step"] if run.metrics() else 0 for name, run in opened.items()}
        title = f"{len(opened)} runs on lengths {lengths[0]}-{lengths[1]}"
        print_table(comparison_table(title, reports, steps))
        print(f"figures: {out / 'lengths.png'}, {out / 'curves.png'}")
        return 0
