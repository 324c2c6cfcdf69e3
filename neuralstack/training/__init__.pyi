from ._advice import TRIES as TRIES, Advice as Advice, advise as advise
from ._balanced_start import balanced_start as balanced_start
from ._build import (
    begin as begin,
    build_machine as build_machine,
    build_task as build_task,
    machine_skeleton as machine_skeleton,
    step_spec as step_spec,
    untrained_machine as untrained_machine,
)
from ._callbacks import Callback as Callback, flat_metrics as flat_metrics
from ._complete import complete as complete
from ._config import (
    Config as Config,
    DataConfig as DataConfig,
    MachineConfig as MachineConfig,
    OptimizerConfig as OptimizerConfig,
)
from ._config_input import config_from_file as config_from_file
from ._controller_names import controller_from_name as controller_from_name
from ._curriculum import (
    CURRICULA as CURRICULA,
    AbstractCurriculum as AbstractCurriculum,
    Adaptive as Adaptive,
    Linear as Linear,
    Uniform as Uniform,
    Warmup as Warmup,
)
from ._export import export_metrics as export_metrics
from ._fit import Fitted as Fitted, fit as fit, prepare as prepare
from ._history import History as History
from ._interrupt import (
    SIGNALS as SIGNALS,
    defer_keyboard_interrupt as defer_keyboard_interrupt,
    status_of_interrupt as status_of_interrupt,
    stop_within_seconds as stop_within_seconds,
)
from ._lost import LostProcessError as LostProcessError
from ._measure import measure_of as measure_of, training_means as training_means
from ._members import train_each as train_each
from ._memory_names import memory_from_name as memory_from_name
from ._network_names import NamedNetwork as NamedNetwork, network_from_name as network_from_name
from ._optimizer import clipped_adam as clipped_adam, gradient_variance as gradient_variance
from ._options import configure as configure, with_options as with_options
from ._outcome import Outcome as Outcome
from ._own_parts import OwnParts as OwnParts, allowed_config as allowed_config, own_of_each as own_of_each
from ._progress import bar_of_training as bar_of_training
from ._quantization import Quantization as Quantization, QuantizationState as QuantizationState
from ._recipes import NETWORK_RECIPES as NETWORK_RECIPES, RECIPES as RECIPES, Recipe as Recipe
from ._require_machine import require_machine as require_machine
from ._run_directory import Run as Run
from ._saving import load as load, save as save
from ._solved import SOLVED as SOLVED, Solved as Solved, recipe_name as recipe_name
from ._step import (
    HEALTHY as HEALTHY,
    NOT_FINITE as NOT_FINITE,
    VANISHED as VANISHED,
    StepSpec as StepSpec,
    TrainState as TrainState,
    draw_batch as draw_batch,
    init_state as init_state,
    join_model as join_model,
    reset_means as reset_means,
    step_key as step_key,
    to_evaluate as to_evaluate,
    train_step as train_step,
    train_until as train_until,
)
from ._stopping import Record as Record, Stopping as Stopping, rank as rank
from ._task_recipes import TASK_RECIPES as TASK_RECIPES
from ._tensorboard import TensorBoard as TensorBoard
from ._train import resume as resume, train as train, train_all as train_all
from ._weights_and_biases import WeightsAndBiases as WeightsAndBiases
from .distributed import (
    DeviceGroup as DeviceGroup,
    Place as Place,
    find_place as find_place,
    free_port as free_port,
    join_processes as join_processes,
    meet as meet,
    train_on_devices as train_on_devices,
)
from .objectives import (
    OBJECTIVES as OBJECTIVES,
    AbstractObjective as AbstractObjective,
    Batch as Batch,
    BatchResult as BatchResult,
    Heads as Heads,
    Imitation as Imitation,
    Reinforce as Reinforce,
    Supervised as Supervised,
)
from .sweeps import (
    SWEEP_FILE as SWEEP_FILE,
    Answer as Answer,
    Dispatcher as Dispatcher,
    LocalWorkers as LocalWorkers,
    SweepGroup as SweepGroup,
    SweepMember as SweepMember,
    SweepResult as SweepResult,
    Watch as Watch,
    cells_of as cells_of,
    dask_executor as dask_executor,
    displayed as displayed,
    grid as grid,
    guarded as guarded,
    new_call as new_call,
    require_same_version as require_same_version,
    resume_sweep as resume_sweep,
    seeds_and_rates as seeds_and_rates,
    sweep as sweep,
)
