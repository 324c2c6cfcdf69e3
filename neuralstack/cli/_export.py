"""`neuralstack export`."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuralstack.cli._harden import Harden, weights_digest
from neuralstack.cli._kinds import OptionalPath, ProgramFormat, RunPath
from neuralstack.cli._own_options import OwnOptions

if TYPE_CHECKING:
    from neuralstack.training import Run

SEQUENCES = 1000  # on which network and program are compared if the run was not hardened yet


@dataclass(frozen=True)
class Export(OwnOptions):
    """Write the program that a machine learned as one file, which answers inputs of any length without this package.

    The program is the one that harden finds and checks; if that was not done yet, it is done first.
    """

    run: RunPath
    """The run's directory."""
    to: ProgramFormat = "python"
    """The language or format: javascript is a script, module an ES module. Defaults to python."""
    out: OptionalPath = None
    """Output file. Defaults to standard output."""
    overwrite: bool = False
    """Replace the file if it exists."""

    def __call__(self) -> int:
        """Find the program, and write it."""
        from neuralstack._files import write_whole
        from neuralstack._lookup import lookup
        from neuralstack.automata import FORMATS, StackTransducer, export
        from neuralstack.reporting import sizes_text
        from neuralstack.training import Run

        lookup("format", FORMATS, self.to)
        if self.out is not None and self.out.exists() and not self.overwrite:
            raise ValueError(f"{str(self.out)!r} exists: give another --out, or --overwrite.")
        run = Run.open(self.run)
        record = self.hardened(run)
        text = export(StackTransducer.load(run.file("program.json")), self.to)
        if self.out is None:
            print(text, end="")
        else:
            write_whole(self.out, text)
        sizes, to_screen = f"written down {sizes_text(record)}", self.out is None
        print(f"{'neuralstack' if to_screen else self.out}: {sizes}", file=sys.stderr if to_screen else sys.stdout)
        return 0

    def hardened(self, run: "Run") -> dict[str, Any]:
        """Return the record of the run's hardening, which is done first unless it was done with these weights.

        Raises:
            ValueError: If the machine has no program.
        """
        record = recorded(run)
        if record is None:
            command = Harden(
                self.run, sequences=SEQUENCES, task=self.task, memory=self.memory, controller=self.controller
            )
            record = command.find().record
        if record["program"] is None:
            raise ValueError(f"{str(self.run)!r} has no program to export: {record['no_program']}")
        agreement = record["program"]["agreement"]
        if agreement["same"] < agreement["sequences"]:
            print(
                f"neuralstack: the program differs from the network: they answer {agreement['same']} of "
                f"{agreement['sequences']} random sequences alike",
                file=sys.stderr,
            )
        return record


def recorded(run: "Run") -> dict[str, Any] | None:
    """Return what `neuralstack harden` recorded of the run's weights, or None if it did not, or of other weights."""
    from neuralstack._files import read_bounded
    from neuralstack._json import parse_json

    try:
        record = parse_json(read_bounded(run.file("hardening.json")))
        current = record["weights_sha256"] == weights_digest(run)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return record if current else None
