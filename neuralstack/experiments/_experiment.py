"""An experiment as data: the machines to train, what to measure, and the tables and figures to show."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack.reporting import Table
from neuralstack.training import Config, Run, complete, with_options

if TYPE_CHECKING:
    from neuralstack.reporting import Figure

Result = dict[str, Any]
"""The content of a result file: how it was made, and `variants` by name."""
Measured = dict[str, Any]
"""The result of one seed, or of one variant: `label`, `group`, `config`, `seeds` and the `runs` of all seeds."""
Measure = Callable[[Run, Config], dict[str, Any]]
"""A function from a trained run and its complete configuration to its measurements."""
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Variant:
    """One configuration, and the seeds to train it with."""

    name: str
    """The directory of its runs, and its key in the result."""
    label: str
    """The machine's name in tables and figures."""
    config: Config
    seeds: int = 3
    """Number of seeds."""
    group: str = ""
    """The task or language within which it is compared. Defaults to none."""
    log_test: bool = False
    """Whether the learning curves of the first seed also show the test set."""
    first_seed: int = 0
    """The first seed."""

    @property
    def all_seeds(self) -> range:
        """The seeds."""
        return range(self.first_seed, self.first_seed + self.seeds)

    def config_of_seed(self, seed: int) -> Config:
        """Return the complete configuration of a seed."""
        return complete(with_options(self.config, seed=seed, log_test=self.log_test and seed == self.first_seed))

    def shortened(self, seeds: int = 1, **options: Any) -> "Variant":
        """Return the variant with fewer seeds and with these options of its configuration, for a quick run."""
        return replace(self, seeds=seeds, log_test=False, config=with_options(self.config, **options))


@dataclass(frozen=True)
class Quick:
    """The settings of an experiment's quick run."""

    variants: Sequence[Variant]
    measure: Measure | None = None
    """A measure that takes less time. Defaults to that of the whole experiment."""
    parallel: bool = False
    """Train as many variants at once as there are cores: faster if most of the time is spent on compilation."""
    unoptimized: bool = False
    """Compile without most optimizations: faster if only few steps are taken."""


@dataclass(frozen=True)
class Experiment:
    """A published result, and everything needed to regenerate it (see `reproduce`)."""

    name: str
    title: str
    source: str
    """The publication."""
    variants: Sequence[Variant]
    quick: Quick
    measure: Measure
    headline: Callable[[Measured], str]
    """The outcome of a seed in a few words, for progress reports."""
    tables: Callable[[Result], list[Table]]
    """The tables of a result, with the published numbers beside ours."""
    summarize: Callable[[list[Measured]], dict[str, Any]] = lambda runs: {}
    """Summary of a variant's seeds, which is stored in the result."""
    figures: Sequence[Callable[..., "Figure"]] = field(default=())
    """Functions that draw a figure of a result, and write it into a directory if one is given."""
    write: Callable[[Result, Path], None] | None = None
    """A function that writes further files of a result into a directory. Defaults to none."""
    curves: Sequence[str] = ()
    """Variants whose first seed's learning curves are stored in the result."""
    appendix: Callable[[Path], str] | None = None
    """Text to print below the tables, made from the files in the experiment's directory."""
    parallel: bool = False
    """Train as many seeds at once as there are cores."""
    choose: "Callable[..., Experiment] | None" = None
    """A function from choices, such as `tasks`, to the experiment with some of its variants. Defaults to none."""
    choices: Sequence[str] = ()
    """The names of these choices."""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """The choices that were made."""
    row: Callable[[Measured], dict[str, Any]] = lambda run: run
    """The outcome of a seed as a flat record, for programs."""

    def command(self, *, quick: bool = False) -> str:
        """Return the command that runs the experiment.

        Examples:
            >>> from neuralstack.experiments import EXPERIMENTS
            >>> EXPERIMENTS["chomsky"].choose(tasks=["parity", "even-pairs"], first_seed=7).command()
            'neuralstack reproduce chomsky --tasks parity even-pairs --first-seed 7'
        """
        words = ["neuralstack", "reproduce", self.name, *(["--quick"] if quick else [])]
        for name, value in self.chosen.items():
            words += ["--" + name.replace("_", "-"), *(value if isinstance(value, list | tuple) else [value])]
        return shlex.join(map(str, words))
