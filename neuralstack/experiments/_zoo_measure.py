"""The program of a trained machine, checked and proved, and its entry in the zoo."""

import shutil
from pathlib import Path
from typing import Any

from neuralstack.automata import StackTransducer, find_transducer
from neuralstack.discretization import harden
from neuralstack.evaluation import evaluate, fixed_set
from neuralstack.experiments._experiment import Result
from neuralstack.reporting import network_size
from neuralstack.tasks import AbstractTask
from neuralstack.training import Config, Run, build_task
from neuralstack.verification import NotProved, change_one, check_every, specification, verify
from neuralstack.zoo import Entry, save_entry

ENTRY = "entry"  # in the directory of a seed
COMPARED = 1000  # random sources on which network and program are compared
TESTED = 200  # strings of the test lengths on which a hardened machine has to be right
LONGEST = 1000  # symbols of a source
FEWER = 10  # times fewer checks for seeds after the one that is the entry
CHANGES = 50  # tried until one is wrong
ALL_SECONDS = 60  # for all sources that a changed program may answer wrongly


def measure(run: Run, config: Config, sequences: int = 10_000, seconds: float = 10) -> dict[str, Any]:
    """Return whether the hardened machine is right, its program, and what was found out about that.

    The first seed of a task whose program is right also gets an entry, in its own directory; further seeds are checked
    on fewer sources.

    Args:
        run: A trained run.
        config: Its complete configuration.
        sequences: Number of random sources on which the program is checked.
        seconds: Time for all sources up to a length.
    """
    task, machine = build_task(config), run.load_model()
    hardened = harden(machine, task)
    is_further = any((run.path.parent / str(seed) / ENTRY).is_dir() for seed in range(config.seed))
    share = FEWER if is_further else 1
    right = evaluate(hardened, fixed_set(task.to_test, task.test_lengths, TESTED)).coarse
    measured = {
        "train_lengths": config.lengths,
        "hardened": right,
        "network": network_size(machine),
        "longest": longest_symbols(task),
    }
    extraction = find_transducer(hardened, task, (1, longest_of(task)), COMPARED // share)
    if extraction.program is None or extraction.agreement is None:
        return {**measured, "program": None, "reason": extraction.reason}
    program = extraction.program.minimal()
    agreement = {"same": extraction.agreement.same, "sequences": extraction.agreement.sequences}
    found = verify(program, task, seconds=seconds / share, sequences=sequences // share, longest=longest_of(task))
    measured |= {
        "program": {"states": len(program.states), "bits": program.bits},
        "agreement": agreement,
        "verification": found.record(),
        "changed": refuted_change(program, task) if found.proof else None,
    }
    if not is_further and found.counterexample is None and agreement["same"] == agreement["sequences"]:
        save_entry(run.file(ENTRY), hardened, program, card_of(run, config, measured))
    return measured


def longest_of(task: AbstractTask) -> int:
    """Return the largest length to request so that sources have at most 1000 symbols.

    Examples:
        >>> from neuralstack.tasks import TASKS
        >>> longest_of(TASKS["parity"]()), longest_of(TASKS["memorization"]())
        (1000, 499)
    """
    return max(length for length in range(1, LONGEST + 1) if int(task.source_length(length)) <= LONGEST)


def longest_symbols(task: AbstractTask) -> int:
    """Return the number of symbols of the longest source that is drawn."""
    return int(task.source_length(longest_of(task)))


def refuted_change(program: StackTransducer, task: AbstractTask) -> dict[str, Any]:
    """Return the shortest counterexample to the first program with a wrong transition, of some with one change.

    Raises:
        RuntimeError: If every changed program was right, or no counterexample was found.
    """
    from neuralstack.verification import prove  # needs Z3, which other experiments do without

    right = specification(task)
    assert right is not None
    for seed in range(CHANGES):
        changed = change_one(program, seed)
        try:
            prove(changed, right)
        except NotProved:
            found = check_every(changed, task, right, ALL_SECONDS)[1]
            if found is not None:
                return {"seed": seed, **vars(found)}
    raise RuntimeError(f"none of {CHANGES} changed programs was refuted.")


def card_of(run: Run, config: Config, measured: dict[str, Any]) -> dict[str, Any]:
    """Return the card of an entry, to which `write_entries` adds how it is made again."""
    last = run.metrics()[-1]
    return {
        "task": config.task,
        "seed": config.seed,
        "steps": last["step"],
        "restarts": last["attempt"],
        **{name: of for name, of in measured.items() if name != "hardened"},
    }


def write_entries(result: Result, path: Path) -> None:
    """Write the entry of each task that has one into the directory `entries`, with the seeds that failed before."""
    shutil.rmtree(path / "entries", ignore_errors=True)
    for name, variant in result["variants"].items():
        seeds = [run["seed"] for run in variant["runs"]]
        found = [seed for seed in seeds if (path / name / str(seed) / ENTRY).is_dir()]
        if found:
            entry = Entry(name, path / name / str(found[0]) / ENTRY)
            command = f"neuralstack reproduce zoo --tasks {name} --seeds 1 --first-seed {found[0]}"
            failed = [seed for seed in seeds if seed < found[0]]
            card = {**entry.card, "command": command, "failed_seeds": failed}
            save_entry(path / "entries" / name, entry.machine, entry.program, card)
