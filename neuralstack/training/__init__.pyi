from ._build import build_machine as build_machine, build_task as build_task, complete as complete
from ._config import RECIPES as RECIPES, Config as Config, Recipe as Recipe
from ._interrupt import defer_keyboard_interrupt as defer_keyboard_interrupt
from ._loop import Outcome as Outcome, train as train, train_all as train_all
from ._run import Run as Run, load as load
from ._step import StepSpec as StepSpec, TrainState as TrainState, begin as begin, train_until as train_until
from ._sweep import SweepMember as SweepMember, SweepResult as SweepResult, sweep as sweep
