"""The command line. Nothing heavy is imported before it is needed, so that help and errors come at once."""

import json
import re
import sys
from contextlib import redirect_stderr
from dataclasses import Field, dataclass, fields
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any

import tyro
from tyro.conf import OmitArgPrefixes, Positional

from neuralstack._lookup import lookup, nearest
from neuralstack.training._config import Config, Recipe

WRONG, BAD_INPUT, INTERRUPTED = 1, 2, 130


@dataclass(frozen=True)
class Train:
    """Train a machine on a task and keep it in a run's directory."""

    config: OmitArgPrefixes[Config]
    out: Path | None = None
    """The run's directory (unless said, runs/TASK-MEMORY-CONTROLLER-SEED)."""
    resume: bool = False
    """Continue the run in the directory, as if it had never stopped."""
    seeds: int = 1
    """Train from so many seeds at once, beginning with --seed, each in a directory of its own."""
    learning_rates: tuple[float, ...] = ()
    """Train each seed with each of these learning rates."""

    def __call__(self) -> int:
        """Train, and say how it ended."""
        if self.seeds != 1 or self.learning_rates:
            return self.train_population()
        from neuralstack.training import train

        config, out = self.config, self.directory()
        outcome = train(config, out, resume=self.resume)
        restarts = f", {outcome.restarts} restarts" if outcome.restarts else ""
        report = f"{outcome.message} ({outcome.steps} steps, {outcome.seconds:.1f} s of training{restarts}): {out}"
        if outcome.status in ("failed", "interrupted"):
            print(f"neuralstack: {report}", file=sys.stderr)
            return WRONG if outcome.status == "failed" else INTERRUPTED
        print(report)
        return 0

    def directory(self) -> Path:
        """Return where to."""
        config = self.config
        name = f"{config.task}-{config.memory}-{config.controller}-{config.seed}"
        return self.out or Path("runs", name if self.seeds == 1 else f"{name}-{self.seeds}-seeds")

    def train_population(self) -> int:
        """Train several runs, and say how each ended."""
        from neuralstack._devices import use_cores

        use_cores(self.seeds * max(1, len(self.learning_rates)))
        from neuralstack.analysis import print_population
        from neuralstack.training import train_population

        if self.learning_rates and self.config.learning_rate is not None:
            raise ValueError("give --learning-rate or --learning-rates, not both.")
        out = self.directory()
        population = train_population(
            self.config, out, seeds=self.seeds, learning_rates=self.learning_rates, resume=self.resume
        )
        print_population(population, out)
        return 0


@dataclass(frozen=True)
class Evaluate:
    """Measure a trained machine on a fixed set of sequences, or on given ones."""

    run: Positional[Path]
    """The run's directory."""
    lengths: tuple[int, int] | None = None
    """Shortest and longest source of the fixed set (unless said, the task's test lengths)."""
    count: int = 1000
    """Sequences in the fixed set."""
    data: Path | None = None
    """A file of sequences instead, one {"source": [...], "target": [...]} a line: numbers of symbols, from 0."""
    harden: bool = False
    """Round every action of the memory to 0 or 1."""
    json: bool = False
    """Print one JSON object: coarse, fine, token, loss, by_length."""

    def __call__(self) -> int:
        """Evaluate, and print a table or JSON."""
        from neuralstack.analysis import print_language_report, print_report
        from neuralstack.evaluation import evaluate, evaluate_language, fixed_set, read_data
        from neuralstack.hardening import harden
        from neuralstack.tasks import Characters
        from neuralstack.training import Run, build_task

        run = Run.open(self.run)
        task, machine = build_task(run.config()), run.load_model()
        if self.harden:
            machine = harden(machine)
        if isinstance(task, Characters) and self.data is None and self.lengths is None:
            read = evaluate_language(machine, task)
            print(json.dumps(read._asdict())) if self.json else print_language_report(str(self.run), read)
            return 0
        if self.data is not None and self.lengths is not None:
            raise ValueError("give --data or --lengths, not both: a file has its own lengths.")
        if self.data is not None:
            data, title = read_data(task, self.data), f"{self.run} on {self.data}"
        else:
            lengths = self.lengths or task.test_lengths
            data, title = fixed_set(task, lengths, self.count), f"{self.run} on lengths {lengths[0]}-{lengths[1]}"
        report = evaluate(machine, data)
        if self.json:
            print(json.dumps(report._asdict()))
        else:
            print_report(title, report)
        return 0


@dataclass(frozen=True)
class Apply:
    """Type an input, get the machine's answer: greedy, on its own."""

    run: Positional[Path]
    """The run's directory."""
    text: Positional[str]
    """What the machine is to answer."""
    harden: bool = False
    """Round every action of the memory to 0 or 1."""
    check: bool = False
    """Also say whether the answer is right; the exit status is 1 if it is not."""

    def __call__(self) -> int:
        """Answer, and check if asked."""
        from neuralstack.evaluation import answer
        from neuralstack.hardening import harden
        from neuralstack.training import Run, build_task

        run = Run.open(self.run)
        task = build_task(run.config())
        source = task.encode(self.text)
        machine = run.load_model()
        given = answer(harden(machine) if self.harden else machine, task, source)
        print(task.decode(given.tokens))
        if not given.ended:
            print("neuralstack: the machine did not end its answer; it was cut off", file=sys.stderr)
        if not self.check:
            return 0
        right = given.ended and given.tokens == task.answer(source)
        print("right" if right else f"wrong: the answer is {task.decode(task.answer(source))!r}", file=sys.stderr)
        return 0 if right else WRONG


@dataclass(frozen=True)
class Sample:
    """Let a machine that learned the characters of a text go on with a text of yours."""

    run: Positional[Path]
    """The run's directory."""
    prompt: str
    """The text's beginning."""
    length: int = 300
    """How many characters to write."""
    temperature: float = 0.7
    """What the logits are divided by: the higher, the bolder; 0 takes the likeliest character each time."""
    seed: int = 0
    """Source of what is drawn."""

    def __call__(self) -> int:
        """Write the prompt and what follows it."""
        from neuralstack.evaluation import sample_text
        from neuralstack.tasks import Characters
        from neuralstack.training import Run, build_task

        run = Run.open(self.run)
        task = build_task(run.config())
        if not isinstance(task, Characters):
            raise ValueError(
                f"sample needs a run of the task characters, but {str(self.run)!r} is one of another: use apply."
            )
        print(self.prompt + sample_text(run.load_model(), task, self.prompt, self.length, self.temperature, self.seed))
        return 0


@dataclass(frozen=True)
class List:
    """Name the tasks, memories, controllers, wirings and experiments there are, and say which kernel is in use."""

    def __call__(self) -> int:
        """Print them with a sentence each."""
        from rich.console import Console

        from neuralstack import kernels
        from neuralstack.analysis import table
        from neuralstack.controllers import CONTROLLERS
        from neuralstack.experiments import EXPERIMENTS
        from neuralstack.memories import MEMORIES
        from neuralstack.tasks import FAMILIES
        from neuralstack.training import RECIPES

        families = {f"{family} tasks": tasks for family, tasks in FAMILIES.items()}
        families |= {"memories": MEMORIES, "controllers": CONTROLLERS, "experiments": EXPERIMENTS}
        listed = {
            family: [(name, summary(thing)) for name, thing in things.items()] for family, things in families.items()
        }
        listed["wirings"] = [(name, describe(recipe)) for name, recipe in RECIPES.items()]
        listed["kernels"] = [
            ("stack", "C++, in use on CPUs" if kernels.is_built() else "not built: pure JAX is in use")
        ]
        for family, rows in listed.items():
            Console().print(table(family, ("name", "what it is"), rows, texts=2))
        return 0


@dataclass(frozen=True)
class Reproduce:
    """Regenerate a published table or figure beside the published numbers."""

    name: Positional[str]
    """The experiment; `neuralstack list` names them."""
    quick: bool = False
    """A few minutes instead of an hour: few seeds, and networks trained for few steps."""
    out: Path | None = None
    """Where to (unless said, runs/reproduce-NAME); what is there already is not trained again."""

    def __call__(self) -> int:
        """Run the experiment."""
        from neuralstack.experiments import EXPERIMENTS

        experiment = lookup("experiment", EXPERIMENTS, self.name)
        name = f"reproduce-{self.name}" + ("-quick" if self.quick else "")
        experiment(self.out or Path("runs", name), quick=self.quick)
        return 0


COMMANDS = {
    "train": Train,
    "evaluate": Evaluate,
    "apply": Apply,
    "sample": Sample,
    "list": List,
    "reproduce": Reproduce,
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status: 0, 1 for a wrong answer or a failed training, 2 for bad input."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        sys.exit(run(arguments))
    except ValueError as error:
        print(f"neuralstack: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except OSError as error:
        print(f"neuralstack: cannot use {error.filename!r}: {error.strerror}; name another path", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        print("neuralstack: interrupted; to continue, repeat the command, a train with --resume", file=sys.stderr)
        sys.exit(INTERRUPTED)


def run(arguments: list[str]) -> int:
    """Parse the arguments and run the command they name.

    Raises:
        ValueError: If they are wrong, in one line.
    """
    if arguments and not arguments[0].startswith("-"):
        lookup("command", COMMANDS, arguments[0])
    command = parse(arguments)
    from neuralstack._cache import use_compilation_cache

    use_compilation_cache()
    return command()


def parse(arguments: list[str]):
    """Return the command that the arguments name, its options filled in.

    Raises:
        ValueError: If the arguments are wrong; the parser's box is made into one line.
    """
    said = StringIO()
    try:
        with redirect_stderr(said):
            return tyro.cli(Train | Evaluate | Apply | Sample | List | Reproduce, prog="neuralstack", args=arguments)
    except SystemExit as stop:
        if stop.code:
            raise ValueError(one_line(said.getvalue(), arguments)) from None
        raise


def one_line(box: str, arguments: list[str]) -> str:
    r"""Turn the box that the parser draws around an error into one line, with the nearest option if one is unknown.

    Examples:
        >>> one_line("╭─ Oops ───╮\n│ bad    │\n│ value  │\n│ ───── │\n│ For full helptext, run x │\n╰──╯", ["train"])
        'bad value; see neuralstack train --help'
    """
    command = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    see = f"see neuralstack {command} --help".replace("  ", " ")
    # Lines between rules. A terminal without box characters has the title as a group of its own.
    lines = [line.strip("│ ") for line in box.strip().splitlines()]
    groups = [list(group) for rule, group in groupby(lines, key=is_rule) if not rule]
    message = " ".join(" ".join(groups[0 if box.lstrip().startswith("╭") else 1]).split())
    unknown = re.search(r"[Uu]nrecognized (?:or misplaced )?options?: (--[\w-]+)", message)
    if unknown and command:
        options = {option for field in fields(COMMANDS[command]) for option in options_of(field)}
        return f"unknown option {unknown[1]!r}: {nearest(unknown[1], options)}{see}"
    return f"{message.rstrip('.')}; {see}"


def is_rule(line: str) -> bool:
    """Say whether a line only draws."""
    return line.startswith(("╭", "╰")) or (line != "" and not line.strip("─-"))


def options_of(option: Field) -> list[str]:
    """Return how a field is spelled on the command line: a configuration's fields stand for themselves."""
    names = [inner.name for inner in fields(Config)] if option.name == "config" else [option.name]
    return ["--" + name.replace("_", "-") for name in names]


def summary(thing: Any) -> str:
    """Return the first line that a class or a function says of itself, and the arguments that it is used with."""
    documented, arguments = getattr(thing, "func", thing), getattr(thing, "keywords", {})
    said = ", ".join(f"{name} {value}" for name, value in arguments.items())
    return (documented.__doc__ or "").strip().splitlines()[0] + (f" Here: {said}." if said else "")


def describe(recipe: Recipe) -> str:
    """Say in one line how machines of a wiring are trained."""
    lengths = f"first lengths {', '.join(map(str, recipe.first_lengths))}" if recipe.first_lengths else "all lengths"
    restart = f"restart after {recipe.restart_after} batches" if recipe.restart_after else "no restart"
    return f"trained with learning rate {recipe.learning_rate}, {lengths}, pull {recipe.pull}, {restart}"
