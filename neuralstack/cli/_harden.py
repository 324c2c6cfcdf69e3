"""`neuralstack harden`."""

import sys
from dataclasses import dataclass
from hashlib import sha256
from textwrap import indent
from typing import TYPE_CHECKING, Any, NamedTuple

from neuralstack.cli._kinds import Count, OptionalPath, RunPath
from neuralstack.cli._output import print_table, terminal_width
from neuralstack.cli._own_options import OwnOptions
from neuralstack.cli._progress import show_progress

if TYPE_CHECKING:
    from neuralstack.automata import Comparison, Extraction
    from neuralstack.machine import Machine
    from neuralstack.tasks import AbstractTask
    from neuralstack.training import Run
    from neuralstack.verification import Verification

LARGEST = 10**6  # sequences, and symbols of one
WRITTEN = "hardening.json", "program.json", "program.dot"


@dataclass(frozen=True)
class Harden(OwnOptions):
    """Check that a machine answers the same with discrete actions, and write down the program that it is then."""

    run: RunPath
    """The run's directory."""
    count: Count = 500
    """Number of fresh sequences of the training lengths on which to compare the machine with its hardened form."""
    sequences: Count = 10_000
    """Number of random sequences on which to compare the hardened machine with its program."""
    longest: Count = 1000
    """Length of the longest source among these."""
    data: OptionalPath = None
    """A file of sequences to use instead of those of the task, with one {"source": ..., "target": ...} per line."""
    verify: bool = False
    """Check the program on all sources up to a length, and prove it for every length where that is possible."""
    verify_seconds: Count = 60
    """Time for all sources up to a length."""
    extra_states: Count = 1
    """Number of states that the network may have more than its program for --verify to find any difference."""
    json: bool = False
    """Print the content of hardening.json in the run's directory instead, as one JSON object."""

    def __call__(self) -> int:
        """Compare, extract, compare again; write and print the results."""
        from neuralstack._json import to_json_text

        findings = self.find()
        if self.json:
            print(to_json_text(findings.record))
        else:
            self.show(findings)
        if (verified := findings.verification) is not None and verified.counterexample is not None:
            raise ValueError(f"the program of {str(self.run)!r} is refuted: {verified.counterexample}.")
        return 0

    def find(self) -> "Findings":
        """Compare, extract and compare again; write the results.

        Raises:
            ValueError: If an option is out of range, or the machine cannot be called hardened.
        """
        from neuralstack._json import to_json_text
        from neuralstack.automata import compare
        from neuralstack.reporting import hardening_record, plot_margins
        from neuralstack.training import Run, require_machine

        for option in ("count", "sequences", "longest", "verify_seconds"):
            if not 1 <= getattr(self, option) <= LARGEST:
                name = option.replace("_", "-")
                raise ValueError(f"--{name} must be at least 1 and at most {LARGEST}, got {getattr(self, option)}.")
        if not 0 <= self.extra_states <= LARGEST:
            raise ValueError(f"--extra-states must be at least 0 and at most {LARGEST}, got {self.extra_states}.")
        run = Run.open(self.run)
        model = run.load_model(memory=self.memory, controller=self.controller)
        machine = require_machine(model, self.run)
        task, lengths = self.examples(run)
        self.require_room(task, lengths[1])
        with show_progress("comparing soft and hard"):
            compared = compare(machine, task, lengths, self.count)
        for name in WRITTEN:  # any files left afterwards belong to these weights
            run.file(name).unlink(missing_ok=True)
        if compared.margins:
            plot_margins(compared.margins, run.file("figures/margins"))
        if compared.difference:
            raise ValueError(self.refusal(compared, text_of(lengths)))
        extraction = self.search(compared.hardened, task)
        verified = self.verified(extraction, compared.hardened, task) if self.verify else None
        record = hardening_record(machine, compared, extraction, verified) | {"weights_sha256": weights_digest(run)}
        run.write("hardening.json", to_json_text(record, indent=2) + "\n")
        if extraction.program:
            run.write("program.json", extraction.program.to_json())
            run.write("program.dot", extraction.program.graph())
        return Findings(compared, extraction, verified, record, text_of(lengths), self.longest_of(task))

    def examples(self, run: "Run") -> tuple["AbstractTask", tuple[int, int]]:
        """Return a task to draw sequences from, and their shortest and longest source."""
        from neuralstack.evaluation import read_token_pairs
        from neuralstack.tasks import StoredTask, keep_task

        task, lengths = run.usable_task(**self.own), run.recorded()[0].lengths
        if self.data is not None:
            pairs = read_token_pairs(task, self.data)
            lengths = min(len(source) for source, _ in pairs), max(len(source) for source, _ in pairs)
            kept = keep_task(task, lengths, pairs)
            if kept is None:
                raise ValueError(f"the task of {str(self.run)!r} cannot use given sequences: leave out --data.")
            task = kept
        if isinstance(task, StoredTask):
            print(f"neuralstack: sequences are drawn from {self.data or run.file('task.json')}", file=sys.stderr)
        return task, lengths

    def require_room(self, task: "AbstractTask", longest: int) -> None:
        """Check that the computer has room for the sequences, before the first comparison."""
        from neuralstack.evaluation import require_room_for

        subject = f"--count {self.count} sequences of up to {longest} symbols need"
        require_room_for(task, longest, self.count, subject)
        subject = f"--sequences {self.sequences} of up to --longest {self.longest} symbols need"
        require_room_for(task, self.longest_of(task), self.sequences, subject)

    def refusal(self, compared: "Comparison", lengths: str) -> str:
        """Explain why a machine cannot be called hardened, and what to do about it."""
        first, margins = compared.difference or {}, ""
        if compared.margins:
            least = min(float(of.min()) for of in compared.margins.values())
            margins = f"the least margin of an action is {least:.4f}, see {self.run / 'figures' / 'margins.png'}; "
        return (
            f"{str(self.run)!r} cannot be called hardened: soft and hard answer {compared.agreement.same} of "
            f"{self.count} fresh sequences of lengths {lengths} alike, and first differ at step {first['step']}, "
            f"answering {first['soft']!r} and {first['hard']!r}; {margins}train again with --extra-steps, so that its "
            "strengths become 0 and 1."
        )

    def search(self, hardened: "Machine", task: "AbstractTask") -> "Extraction":
        """Find the program, with a progress bar while it is compared."""
        from neuralstack.automata import find_transducer

        lengths, total, done = (1, self.longest_of(task)), 2 * self.sequences, 0
        with show_progress("comparing with the program") as show:

            def advance(count: int) -> None:
                nonlocal done
                done += count
                show(done, total)

            return find_transducer(hardened, task, lengths, self.sequences, advance)

    def verified(self, extraction: "Extraction", hardened: "Machine", task: "AbstractTask") -> "Verification | None":
        """Verify the program, if there is one, with a progress bar."""
        from neuralstack.verification import verify

        if extraction.program is None:
            return None
        done, longest = 0, self.longest_of(task)
        with show_progress("verifying the program") as show:

            def advance(count: int) -> None:
                nonlocal done
                done += count
                show(done, self.sequences)

            return verify(
                extraction.program,
                task,
                seconds=self.verify_seconds,
                sequences=self.sequences,
                longest=longest,
                machine=hardened,
                extra_states=self.extra_states,
                advance=advance,
            )

    def longest_of(self, task: "AbstractTask") -> int:
        """Return the longest source on which to compare machine and program, at most that of given sequences."""
        from neuralstack.tasks import PairTask, StoredTask

        given = isinstance(task, PairTask | StoredTask)
        return min(self.longest, task.pairs.longest_source) if given else self.longest

    def show(self, findings: "Findings") -> None:
        """Print the margins, the agreement, and the program."""
        from neuralstack.reporting import describe_program, margins_table, sizes_text, states_table

        compared, extraction, verified, record, lengths, longest = findings
        title = f"{self.run}: how far actions were from being rounded the other way"
        if compared.margins:
            print_table(margins_table(title, compared.margins))
        if compared.states:
            title = f"{self.run}: how far numbers of the states were from being rounded the other way"
            print_table(states_table(title, compared.states))
        done = "actions are rounded, the controller's state is bounded"
        if compared.hardened.quantized:
            done = "actions, values and the controller's state are rounded"
        print(
            f"hardened: soft and hard answer {compared.agreement.same} of {self.count} fresh sequences of lengths "
            f"{lengths} alike; {done}."
        )
        if extraction.program is None or extraction.agreement is None:
            print(f"no program: {extraction.reason}")
            return
        title = f"{self.run} as a program of {len(extraction.program.states)} states"
        print(describe_program(title, extraction.program, terminal_width()), end="\n\n")
        print(f"written down {sizes_text(record)}")
        warning = "" if extraction.agreement.same == self.sequences else "the program differs from the network: "
        print(
            f"{warning}network and program answer {extraction.agreement.same} of {self.sequences} random sequences of "
            f"lengths 1-{longest} alike: {self.run / 'program.json'}, {self.run / 'program.dot'}"
        )
        if verified is not None:
            print(f"\nThe program, verified\n\n{indent(str(verified), '  ')}")


class Findings(NamedTuple):
    """The results of hardening a run, as they are written and printed."""

    compared: "Comparison"
    extraction: "Extraction"
    verification: "Verification | None"
    """The result of verifying the program, if it was to be verified."""
    record: dict[str, Any]
    """The content of hardening.json."""
    lengths: str
    """The lengths of the sequences on which soft and hard were compared."""
    longest: int
    """The longest source on which machine and program were compared."""


def weights_digest(run: "Run") -> str:
    """Return the SHA-256 of a run's weights, which tells later whether they are still those that were hardened."""
    return sha256(run.file("model.safetensors").read_bytes()).hexdigest()


def text_of(lengths: tuple[int, int]) -> str:
    """Return a range of lengths as text."""
    return f"{lengths[0]}-{lengths[1]}"
