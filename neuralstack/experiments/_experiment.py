"""An experiment as data: the machines that are trained, what is measured of them, and what is shown beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from neuralstack.reporting import Table
from neuralstack.training import Config, Run, with_options

Result = dict[str, Any]
"""The content of a result file: how it was made, and `variants` by name."""
Measured = dict[str, Any]
"""The result of one seed, or of one variant: `label`, `group`, `config`, `seeds` and the `runs` of all seeds."""
Measure = Callable[[Run, Config], dict[str, Any]]
"""From a trained run and its complete configuration to what is measured of it."""


@dataclass(frozen=True)
class Variant:
    """One configuration, and how often it is trained."""

    name: str
    """The directory of its runs, and its key in the result."""
    label: str
    """The machine, as tables and figures call it."""
    config: Config
    seeds: int = 3
    """Number of seeds, beginning with 0."""
    group: str = ""
    """The task or language within which it is compared. Defaults to none."""
    log_test: bool = False
    """Whether the learning curves of the first seed also show the test set."""

    def shortened(self, seeds: int = 1, **options: Any) -> "Variant":
        """Return the variant with fewer seeds and with these options of its configuration, for a quick run."""
        return replace(self, seeds=seeds, log_test=False, config=with_options(self.config, **options))


@dataclass(frozen=True)
class Quick:
    """The settings of an experiment's quick run."""

    variants: Sequence[Variant]
    measure: Measure | None = None
    """Measures less than the whole experiment does. Defaults to the same."""
    parallel: bool = False
    """Train as many variants at once as there are cores: faster where most of the time is spent on compilation."""
    unoptimized: bool = False
    """Compile without most optimizations: faster where only few steps are taken."""


@dataclass(frozen=True)
class Experiment:
    """A published result, and everything that is needed to regenerate it (see `reproduce`)."""

    name: str
    title: str
    source: str
    """The publication."""
    variants: Sequence[Variant]
    quick: Quick
    measure: Measure
    headline: Callable[[Measured], str]
    """The outcome of a seed in a few words, for the report of progress."""
    tables: Callable[[Result], list[Table]]
    """The tables of a result, with the published numbers beside ours."""
    summarize: Callable[[list[Measured]], dict[str, Any]] = lambda runs: {}
    """Summary of the seeds of a variant, to be kept in the result."""
    figures: Sequence[Callable[[Result, Path], None]] = field(default=())
    """Each draws a figure of a result into a directory."""
    curves: Sequence[str] = ()
    """Variants of whose first seed the result holds the learning curves."""
    appendix: Callable[[Path], str] | None = None
    """Text to print below the tables, made of what lies in the experiment's directory."""
