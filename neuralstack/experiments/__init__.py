"""Published results, one declarative file each: `reproduce` regenerates them, `benchmark` measures other models."""

from neuralstack.experiments import (
    actions,
    characters,
    chomsky,
    counting,
    hardening,
    reversal,
    transductions,
    transformer,
    zoo,
)
from neuralstack.experiments._benchmark import benchmark as benchmark
from neuralstack.experiments._benchmark_result import BenchmarkResult as BenchmarkResult, BenchmarkRow as BenchmarkRow
from neuralstack.experiments._experiment import Experiment as Experiment, Quick as Quick, Variant as Variant
from neuralstack.experiments._run import reproduce as reproduce
from neuralstack.experiments._suites import SUITES as SUITES
from neuralstack.experiments._tables import settings_table as settings_table

EXPERIMENTS = {
    module.EXPERIMENT.name: module.EXPERIMENT
    for module in (actions, characters, chomsky, counting, hardening, reversal, transductions, transformer, zoo)
}
"""Every experiment by its name."""
