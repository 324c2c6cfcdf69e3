"""The laws of memories."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from neuralstack.memories import AbstractMemory
from neuralstack.testing._compare import described, require, require_close, require_finite
from neuralstack.testing._forms import Forms, forms

EXTREMES = 0.0, 100.0, -100.0, 1e4, -1e4
"""Raw numbers of silent and of saturated controllers."""
SMALL = 1e-6  # step of finite differences


def check_memory(
    memory: AbstractMemory, *, steps: int = 6, key: PRNGKeyArray | None = None, smooth: bool = True
) -> None:
    """Check that a memory obeys the laws that machines, training and traces rely on.

    - Its sizes are those of what it takes and returns, and float32 and float64 values keep their dtype.
    - A run gives the same reads as single steps, compiled or not, mapped over a batch or in a loop, for any number of
      steps, whatever room there is beyond.
    - The gradient of a run equals that of its steps, and finite differences.
    - Reads and gradients are finite for saturated and for silent controllers.
    - Observations have the same shape at all steps, and are not negative.
    - Its discrete form, if it has one, takes the same raw actions, has gates of 0 and 1, and is its own discrete form.

    Everything is computed on a few random sequences of raw actions, by three compiled programs.

    Args:
        memory: The memory.
        steps: Length of the sequences, at least 2.
        key: Random key. Defaults to `jax.random.key(0)`.
        smooth: Whether to compare gradients with finite differences; give False if they are surrogates, such as
            straight-through ones.

    Raises:
        AssertionError: If a law is broken; the message says which, and by which numbers.
        ValueError: If `steps` is below 2.

    Examples:
        >>> import neuralstack as ns
        >>> from neuralstack.testing import check_memory
        >>> check_memory(ns.NeuralStack(width=1), steps=2)

        A memory that forgets to start empty:

        >>> class Careless(ns.NoMemory):
        ...     def initial_bias(self):
        ...         return [1.0]
        >>> check_memory(Careless())
        Traceback (most recent call last):
            ...
        AssertionError: Careless breaks a law of memories. The initial bias has action_size numbers: [1] and not [0].
    """
    if steps < 2:
        raise ValueError(f"a memory is checked on sequences of at least 2 steps, got {steps=}.")
    key = jax.random.key(0) if key is None else key
    check_sizes(memory)
    check_dtypes(memory, steps)
    check_observation(memory, check_float32(memory, steps, key))
    with jax.enable_x64(True):
        check_float64(memory, steps, key, smooth=smooth)
    check_discrete(memory, steps, key)


def check_sizes(memory: AbstractMemory) -> None:
    """Check that the sizes agree with each other, and that the memory can be a static part of a program."""
    widths = [*memory.gate_widths, *memory.value_widths]
    sizes = f"{sum(widths)} and {memory.action_size}"
    require(sum(widths) == memory.action_size, memory, "gate_widths and value_widths add up to action_size", sizes)
    bias = np.shape(memory.initial_bias())
    law = "The initial bias has action_size numbers"
    require(bias == (memory.action_size,), memory, law, f"{list(bias)} and not [{memory.action_size}]")
    try:
        hash(memory)
    except TypeError as error:
        require(False, memory, "The fields of a memory are hashable options, not arrays", str(error))


def check_dtypes(memory: AbstractMemory, steps: int) -> None:
    """Check, without computing anything, the shapes and dtypes of states and reads."""
    for dtype in (jnp.float32, jnp.float64):
        with jax.enable_x64(dtype == jnp.float64):
            raw = jax.ShapeDtypeStruct((memory.action_size,), dtype)
            state = jax.eval_shape(lambda dtype=dtype: memory.init(steps, dtype))
            action = jax.eval_shape(memory.decode, raw)
            after, read = jax.eval_shape(memory.step, state, action)
            law = "A step returns a state with the structure, shapes and dtypes of the one it was given"
            require(described(after) == described(state), memory, law, f"{described(after)} and {described(state)}")
            law = "A read has read_size numbers, of the dtype of the memory's values"
            wanted = f"{jnp.dtype(dtype).name}[{memory.read_size}]"
            require(described(read) == wanted, memory, law, f"{described(read)} and not {wanted}")


def draw(memory: AbstractMemory, steps: int, key: Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw raw actions of a sequence, cotangents of its reads and a direction, in JAX's default dtype.

    They are drawn by NumPy, which compiles nothing.
    """
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    sizes = memory.action_size, memory.read_size, memory.action_size
    dtype = jax.dtypes.canonicalize_dtype(float)
    raw, cotangent, direction = (rng.normal(size=(steps, size)).astype(dtype) for size in sizes)
    return raw, cotangent, direction


def check_float32(memory: AbstractMemory, steps: int, key: Array) -> Forms:
    """Check one sequence, uncompiled, compiled, and in a batch with extreme ones; return its forms."""
    raw, cotangent, _ = draw(memory, steps, key)
    rows = np.stack([raw, *(np.full_like(raw, extreme) for extreme in EXTREMES)])
    alone = jax.device_get(jax.jit(partial(forms, memory))(raw, cotangent))
    mapped = jax.device_get(jax.jit(jax.vmap(partial(forms, memory), in_axes=(0, None)))(rows, cotangent))
    require_close(memory, "A sequence gives the same results in a batch as alone", row(mapped, 0), alone, 1e-4)
    uncompiled = by_hand(memory, raw[:2], steps)
    require_close(memory, "Compiled reads are the same as uncompiled ones", alone.step_reads[:2], uncompiled, 1e-4)
    for number, extreme in enumerate(EXTREMES, start=1):
        reads, gradient = mapped.reads[number], mapped.gradient[number]
        require_finite(memory, f"Reads are finite where all raw numbers are {extreme:g}", reads)
        require_finite(memory, f"Gradients are finite where all raw numbers are {extreme:g}", gradient)
    gates = mapped.gates
    law = "Gates lie in [0, 1]"
    require(bool(((gates >= 0) & (gates <= 1)).all()), memory, law, f"{gates.min(initial=0)} to {gates.max(initial=0)}")
    return alone


def by_hand(memory: AbstractMemory, raw: np.ndarray, room: int) -> np.ndarray:
    """Return the reads of steps taken one by one, without a compiled loop."""
    state, reads = memory.init(room, raw.dtype), []
    for action in raw:
        state, read = memory.step(state, memory.decode(jnp.asarray(action)))
        reads.append(np.asarray(read))
    return np.stack(reads)


def check_float64(memory: AbstractMemory, steps: int, key: Array, *, smooth: bool) -> None:
    """Check runs against steps, and gradients against finite differences, where rounding hides nothing."""
    raw, cotangent, direction = draw(memory, steps, key)
    rows = np.stack([raw, raw + SMALL * direction, raw - SMALL * direction])
    results = jax.device_get(jax.jit(jax.vmap(partial(forms, memory), in_axes=(0, None)))(rows, cotangent))
    single = row(results, 0)
    require_close(memory, "A run gives the same reads as single steps", single.reads, single.step_reads, 1e-9)
    law = "A run of fewer steps is the start of a longer one"
    require_close(memory, law, single.short_reads[: steps - 1], single.reads[: steps - 1], 1e-9)
    require_close(memory, "Room for more steps changes nothing", single.roomy_reads, single.step_reads, 1e-9)
    law = "The gradient of a run equals that of its steps"
    require_close(memory, law, single.gradient, single.step_gradient, 1e-8)
    if smooth:
        scores = np.einsum("nsr,sr->n", results.reads, cotangent)
        slope = (scores[1] - scores[2]) / (2 * SMALL)
        along = np.vdot(single.gradient, direction)
        require_close(memory, "The gradient of a run equals finite differences", along, slope, 1e-5)


def check_observation(memory: AbstractMemory, results: Forms) -> None:
    """Check the observations that traces and figures of a sequence are drawn from."""
    steps = len(results.reads)
    for observed in memory.observe(results.action, np.asarray(results.strengths)):
        wanted = steps, len(observed.elements)
        for name, numbers in (("strengths", observed.strengths), ("weights", observed.weights)):
            law = f"The observed {name} are a number for each step and element"
            require(numbers.shape == wanted, memory, law, f"{list(numbers.shape)} and not {list(wanted)}")
            law = f"The observed {name} are finite and not negative"
            least = numbers.min(initial=0)
            require(bool(np.isfinite(numbers).all() and least >= -1e-6), memory, law, f"the least is {least:g}")
    for name, margin in results.margins.items():
        law = f"The margin of {name} lies in [0, 0.5]"
        low, high = np.min(margin), np.max(margin)
        require(bool(low >= 0 and high <= 0.5 + 1e-6), memory, law, f"it reaches from {low:g} to {high:g}")


def check_discrete(memory: AbstractMemory, steps: int, key: Array) -> None:
    """Check the discrete form, if there is one."""
    try:
        discrete = memory.discretized()
    except ValueError:
        return
    same = discrete.discretized()
    require(same == discrete, memory, "The discrete form is its own discrete form", f"{same} and {discrete}")
    sizes, wanted = (discrete.action_size, discrete.read_size), (memory.action_size, memory.read_size)
    law = "The discrete form has the same action_size and read_size"
    require(sizes == wanted, memory, law, f"{sizes} and {wanted}")
    raw, *_ = draw(memory, steps, key)

    @jax.jit
    def discrete_forms(raw):
        action = jax.vmap(discrete.decode)(raw)
        return jax.vmap(discrete.gates)(action), discrete.run(action)

    gates, reads = discrete_forms(raw)
    others = sorted({float(gate) for gate in np.ravel(gates)} - {0.0, 1.0})
    require(not others, memory, "The gates of the discrete form are 0 or 1", f"{others[:3]}")
    require_finite(memory, "The reads of the discrete form are finite", reads)


def row(tree: Forms, number: int) -> Forms:
    """Return the results of one sequence of a batch."""
    return jax.tree.map(lambda leaf: leaf[number], tree)
