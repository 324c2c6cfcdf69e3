from .analysis import plot_trace as plot_trace, trace as trace
from .controllers import (
    CONTROLLERS as CONTROLLERS,
    AbstractController as AbstractController,
    AbstractLayer as AbstractLayer,
    BoundedController as BoundedController,
    Controller as Controller,
    ElmanLayer as ElmanLayer,
    FeedforwardLayer as FeedforwardLayer,
    GRULayer as GRULayer,
    LSTMLayer as LSTMLayer,
)
from .evaluation import (
    Answer as Answer,
    Examples as Examples,
    LanguageReport as LanguageReport,
    Report as Report,
    answer as answer,
    evaluate as evaluate,
    evaluate_language as evaluate_language,
    fixed_set as fixed_set,
    read_data as read_data,
    sample_text as sample_text,
)
from .hardening import Stream as Stream, extract as extract, harden as harden
from .machine import Machine as Machine, Step as Step
from .memories import (
    MEMORIES as MEMORIES,
    AbstractMemory as AbstractMemory,
    Action as Action,
    DequeAction as DequeAction,
    HardStack as HardStack,
    Memories as Memories,
    MixedAction as MixedAction,
    NeuralDeque as NeuralDeque,
    NeuralQueue as NeuralQueue,
    NeuralStack as NeuralStack,
    NoMemory as NoMemory,
    NondeterministicAction as NondeterministicAction,
    NondeterministicStack as NondeterministicStack,
    PointerStack as PointerStack,
    Rounded as Rounded,
    SuperpositionStack as SuperpositionStack,
    Tape as Tape,
    TapeAction as TapeAction,
    read_weights as read_weights,
    run as run,
    soft_assign as soft_assign,
    soft_lookup as soft_lookup,
)
from .metrics import (
    Score as Score,
    cross_entropy as cross_entropy,
    score as score,
    success_interval as success_interval,
)
from .parallel import PARALLEL_CONTROLLERS as PARALLEL_CONTROLLERS, MemoryLayer as MemoryLayer
from .program import Program as Program
from .tasks import (
    TASKS as TASKS,
    AbstractTask as AbstractTask,
    Characters as Characters,
    Example as Example,
    Reversal as Reversal,
)
from .training import (
    RECIPES as RECIPES,
    Config as Config,
    Outcome as Outcome,
    Population as Population,
    Recipe as Recipe,
    complete as complete,
    load as load,
    train as train,
    train_population as train_population,
)
from .wirings import WIRINGS as WIRINGS, Wiring as Wiring
