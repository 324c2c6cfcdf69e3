"""Sweeps: many trainings, each in its own directory, in one process or by workers on any number of computers."""

from neuralstack.training.sweeps._cell import Answer as Answer, guarded as guarded
from neuralstack.training.sweeps._connection import (
    dask_executor as dask_executor,
    require_same_version as require_same_version,
)
from neuralstack.training.sweeps._dispatch import Dispatcher as Dispatcher, new_call as new_call
from neuralstack.training.sweeps._grid import (
    cells_of as cells_of,
    grid as grid,
    seeds_and_rates as seeds_and_rates,
)
from neuralstack.training.sweeps._local_workers import LocalWorkers as LocalWorkers
from neuralstack.training.sweeps._result import (
    SweepGroup as SweepGroup,
    SweepMember as SweepMember,
    SweepResult as SweepResult,
)
from neuralstack.training.sweeps._summary import SWEEP_FILE as SWEEP_FILE
from neuralstack.training.sweeps._sweep import resume_sweep as resume_sweep, sweep as sweep
from neuralstack.training.sweeps._table import displayed as displayed
from neuralstack.training.sweeps._watch import Watch as Watch
