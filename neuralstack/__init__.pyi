from .automata import StackTransducer as StackTransducer, extract as extract
from .controllers import (
    CONTROLLERS as CONTROLLERS,
    GRU as GRU,
    LSTM as LSTM,
    AbstractController as AbstractController,
    BoundedController as BoundedController,
    CellController as CellController,
    Elman as Elman,
    Feedforward as Feedforward,
)
from .corpora import (
    LanguageReport as LanguageReport,
    evaluate_language as evaluate_language,
    sample_text as sample_text,
    sample_texts as sample_texts,
)
from .discretization import Stream as Stream, harden as harden
from .evaluation import (
    Examples as Examples,
    Prediction as Prediction,
    Report as Report,
    Score as Score,
    cross_entropy as cross_entropy,
    evaluate as evaluate,
    fixed_set as fixed_set,
    predict as predict,
    read_data as read_data,
    score as score,
    success_interval as success_interval,
)
from .experiments import (
    BenchmarkResult as BenchmarkResult,
    BenchmarkRow as BenchmarkRow,
    benchmark as benchmark,
)
from .machine import (
    CONNECTIONS as CONNECTIONS,
    PARALLEL_CONTROLLERS as PARALLEL_CONTROLLERS,
    Connection as Connection,
    Machine as Machine,
    MemoryLayer as MemoryLayer,
    Step as Step,
)
from .memories import (
    MEMORIES as MEMORIES,
    AbstractMemory as AbstractMemory,
    Action as Action,
    CompositeMemory as CompositeMemory,
    DequeAction as DequeAction,
    HardStack as HardStack,
    MixedAction as MixedAction,
    NeuralDeque as NeuralDeque,
    NeuralQueue as NeuralQueue,
    NeuralStack as NeuralStack,
    NoMemory as NoMemory,
    NondeterministicAction as NondeterministicAction,
    NondeterministicStack as NondeterministicStack,
    PointerStack as PointerStack,
    Quantized as Quantized,
    SuperpositionStack as SuperpositionStack,
    Tape as Tape,
    TapeAction as TapeAction,
    read_weights as read_weights,
    run as run,
    soft_assign as soft_assign,
    soft_lookup as soft_lookup,
)
from .reporting import plot_trace as plot_trace, trace as trace
from .tasks import (
    TASKS as TASKS,
    AbstractTask as AbstractTask,
    Characters as Characters,
    Example as Example,
    FunctionTask as FunctionTask,
    PairTask as PairTask,
    Reversal as Reversal,
)
from .training import (
    RECIPES as RECIPES,
    Adaptive as Adaptive,
    Config as Config,
    DataConfig as DataConfig,
    Fitted as Fitted,
    History as History,
    Imitation as Imitation,
    Linear as Linear,
    MachineConfig as MachineConfig,
    OptimizerConfig as OptimizerConfig,
    Outcome as Outcome,
    Recipe as Recipe,
    Reinforce as Reinforce,
    Stopping as Stopping,
    Supervised as Supervised,
    SweepResult as SweepResult,
    Uniform as Uniform,
    Warmup as Warmup,
    clipped_adam as clipped_adam,
    complete as complete,
    configure as configure,
    fit as fit,
    load as load,
    resume as resume,
    save as save,
    sweep as sweep,
    train as train,
)

__version__: str
