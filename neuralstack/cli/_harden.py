"""`neuralstack harden`."""

import json
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True)
class Harden:
    """Check that a machine answers the same with discrete actions, and write down the program that it then is."""

    run: Positional[Path]
    """The run's directory."""
    count: int = 500
    """Fresh sequences of the training lengths on which the machine and its hardened twin are compared."""
    sequences: int = 10_000
    """Random sequences on which the hardened machine and its program are compared."""
    longest: int = 1000
    """The longest source of those."""
    json: bool = False
    """Print one JSON object instead: what hardening.json in the run's directory holds."""

    def __call__(self) -> int:
        """Compare, extract, compare again; write and print what was found."""
        from rich.console import Console
        from rich.progress import Progress

        from neuralstack.analysis import hardening_record, plot_margins, print_margins, print_program
        from neuralstack.hardening import compare, find_program
        from neuralstack.training import Run, build_task

        if min(self.count, self.sequences, self.longest) < 1:
            raise ValueError("--count, --sequences and --longest must be at least 1.")
        run = Run.open(self.run)
        config = run.config()
        task, console = build_task(config), Console(soft_wrap=True, highlight=False)
        compared = compare(run.load_model(), task, config.lengths, self.count)
        plot_margins(compared.margins, run.file("figures/margins"))
        low, high = config.lengths
        if compared.difference:
            first, least = compared.difference, min(float(of.min()) for of in compared.margins.values())
            raise ValueError(
                f"{str(self.run)!r} cannot be called hardened: soft and hard answer {compared.agreement.same} of "
                f"{self.count} fresh sequences of lengths {low}-{high} alike, and first differ at step "
                f"{first['step']}, answering {first['soft']!r} and {first['hard']!r}; the least margin of an action is "
                f"{least:.4f}, see {run.file('figures/margins')}.png; train longer, or again with --pull-after, so "
                "that its strengths become 0 and 1."
            )
        shown = Console(stderr=True)
        with Progress(console=shown, transient=True, disable=not shown.is_terminal) as progress:
            bar = progress.add_task("comparing with the program", total=2 * self.sequences)
            found = find_program(
                compared.hardened, task, (1, self.longest), self.sequences, lambda done: progress.advance(bar, done)
            )
        record = hardening_record(compared, found)
        run.write("hardening.json", json.dumps(record, indent=2) + "\n")
        if found.program:
            run.write("program.json", found.program.to_json())
            run.write("program.dot", found.program.graph())
        if self.json:
            print(json.dumps(record))
            return 0
        print_margins(
            f"{self.run}: how far actions were from being rounded the other way (at most 0.5)", compared.margins
        )
        console.print(
            f"hardened: soft and hard answer {compared.agreement.same} of {self.count} fresh sequences of lengths "
            f"{low}-{high} alike; actions are rounded, the controller's state is bounded."
        )
        if found.program is None or found.agreement is None:
            console.print(f"no program: {found.reason}")
            return 0
        print_program(f"{self.run} as a program of {len(found.program.states)} states", found.program)
        console.print(
            f"network and program answer {found.agreement.same} of {self.sequences} random sequences of lengths "
            f"1-{self.longest} alike: {run.file('program.json')}, {run.file('program.dot')}"
        )
        return 0
