"""`neuralstack playground`."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuralstack.cli._kinds import PageFile, RunsOrPrograms

if TYPE_CHECKING:
    from neuralstack.automata import StackTransducer


@dataclass(frozen=True)
class Playground:
    """Write a page in which programs that machines learned run on whatever is typed, step by step."""

    runs: RunsOrPrograms
    """Directories of hardened runs, or files of programs."""
    out: PageFile = Path("playground.html")
    """Output file."""
    overwrite: bool = False
    """Replace the file if it exists."""

    def __call__(self) -> int:
        """Read the programs, and write the page."""
        from neuralstack._files import write_whole
        from neuralstack.reporting import playground

        if not self.runs:
            raise ValueError("give at least one run, or one file of a program.")
        if self.out.exists() and not self.overwrite:
            raise ValueError(f"{str(self.out)!r} exists: give another --out, or --overwrite.")
        found = [program_of(path) for path in self.runs]
        counts = Counter(name for name, _ in found)
        # Programs of one task are told apart by where they are from.
        named = {
            name if counts[name] == 1 else f"{name}, {path}": program
            for path, (name, program) in zip(self.runs, found, strict=True)
        }
        write_whole(self.out, playground(named))
        print(f"{len(named)} {'program' if len(named) == 1 else 'programs'}: {self.out}")
        return 0


def program_of(path: Path) -> tuple[str, "StackTransducer"]:
    """Return the program of a run, or in a file, with the name of its task or file.

    Raises:
        ValueError: If there is none.
    """
    from neuralstack.automata import StackTransducer
    from neuralstack.training import Run

    if path.is_file():
        return str(path), StackTransducer.load(path)
    run = Run.open(path)
    if not run.file("program.json").exists():
        raise ValueError(f"{str(path)!r} has no program yet: run `neuralstack harden {path}`.")
    return run.recorded()[0].task, StackTransducer.load(run.file("program.json"))
