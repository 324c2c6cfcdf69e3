"""The kernels of stack, queue and DeQue as functions of one sequence: the six functions of a memory's passes.

A memory has one or two tracks, each with a push, a pop, a value and a read; a DeQue has one for the top and one for the
bottom. Under `vmap`, even if nested, one call processes the whole batch. Calls that change a carry do so in place.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from neuralstack._varying import vary_like, vary_together

INT = jnp.int32
MEMORIES = {"stack": 0, "queue": 0, "deque": 1}
"""The memories that have kernels, and the number of slots that each reserves below its first one, per step."""
PASSES = "forward", "backward", "step", "replay", "undo"
"""The kernels of each memory: whole sequences forward and backward, one step forward, and steps backward."""


class Actions(NamedTuple):
    """Actions on a memory, at one step or at every step."""

    push: Float[Array, "*steps tracks"]
    pop: Float[Array, "*steps tracks"]
    values: Float[Array, "*steps tracks width"]


class Forward(NamedTuple):
    """All values so far, and the slots: the element that each holds, its strength, and the ends of the live ones.

    Strengths are float64 whatever the dtype of the values, stored as pairs of int32: JAX need not have float64 enabled.
    """

    values: Float[Array, "steps tracks width"]
    elements: Int[Array, " slots"]
    strengths: Int[Array, "slots 2"]
    ends: Int[Array, " 2"]


class Backward(NamedTuple):
    """State of the backward pass: the values, the changes made by each step, the slots and the cotangents so far.

    Strengths and their cotangents are pairs of int32, as in `Forward`.
    """

    values: Float[Array, "steps tracks width"]
    changed_slots: Int[Array, "steps tracks 2"]
    changed_strengths: Int[Array, "steps tracks 2 2"]
    elements: Int[Array, " slots"]
    strengths: Int[Array, "slots 2"]
    ends: Int[Array, " 2"]
    value_cotangents: Float[Array, "steps tracks width"]
    strength_cotangents: Int[Array, "steps tracks 2"]


def reads(memory: str, actions: Actions, steps: Int[Array, ""]) -> Float[Array, "steps tracks width"]:
    """Return every read of a whole sequence, zero after the first `steps`."""
    (read,) = call(memory, "forward", [actions.values], steps, *actions, interleaved=0)
    return read


def reads_backward(
    memory: str, actions: Actions, steps: Int[Array, ""], reads_cotangent: Float[Array, "steps tracks width"]
) -> Actions:
    """Return the cotangents of the actions."""
    return Actions(*call(memory, "backward", actions, steps, *actions, reads_cotangent, interleaved=0))


def batch_reads(memory: str, actions: Actions, steps: Int[Array, ""]) -> Float[Array, "steps tracks batch width"]:
    """Return every read of a batch whose arrays have an axis of sequences after those of steps and tracks."""
    size = actions.push.shape[2]
    (read,) = call(memory, "forward", [actions.values], jnp.full(size, steps), *actions, interleaved=size)
    return read


def batch_reads_backward(
    memory: str, actions: Actions, steps: Int[Array, ""], reads_cotangent: Float[Array, "steps tracks batch width"]
) -> Actions:
    """Return the cotangents of the actions of such a batch."""
    size = actions.push.shape[2]
    operands = jnp.full(size, steps), *actions, reads_cotangent
    return Actions(*call(memory, "backward", actions, *operands, interleaved=size))


def start_forward(memory: str, steps: int, tracks: int, width: int, dtype: DTypeLike) -> Forward:
    """Return the empty memory."""
    slots, below = steps * tracks, steps * MEMORIES[memory]
    ends = jnp.full(2, below, INT)
    return Forward(jnp.zeros((steps, tracks, width), dtype), jnp.zeros(slots, INT), jnp.zeros((slots, 2), INT), ends)


def step_forward(
    memory: str, carry: Forward, time: Int[Array, ""], actions: Actions
) -> tuple[Forward, Float[Array, "tracks width"]]:
    """Take step `time` and read."""
    in_place = {4 + number: 1 + number for number in range(len(carry))}
    read, *changed = call(memory, "step", [actions.values, *carry], time, *actions, *carry, in_place=in_place)
    return Forward(*changed), read


def start_backward(memory: str, actions: Actions, steps: Int[Array, ""]) -> Backward:
    """Return the state of the backward pass at the end of the first `steps` steps."""
    steps_and_tracks, slots = actions.push.shape, actions.push.size
    shapes = (slots,), (slots, 2), (2,), (*steps_and_tracks, 2), (*steps_and_tracks, 2, 2)
    elements, strengths, ends, changed_slots, changed_strengths = call(
        memory, "replay", [jax.ShapeDtypeStruct(shape, INT) for shape in shapes], steps, *actions
    )
    cotangents = jnp.zeros_like(actions.values), jnp.zeros_like(actions.push, INT, shape=(*steps_and_tracks, 2))
    return Backward(actions.values, changed_slots, changed_strengths, elements, strengths, ends, *cotangents)


def step_backward(
    memory: str, carry: Backward, time: Int[Array, ""], read_cotangent: Float[Array, "tracks width"]
) -> tuple[Backward, Actions]:
    """Undo step `time`; return the cotangents of its actions."""
    strength = jax.ShapeDtypeStruct(read_cotangent.shape[:1], read_cotangent.dtype)
    push, pop, value, *changed = call(
        memory,
        "undo",
        [strength, strength, read_cotangent, *carry[3:]],
        time,
        read_cotangent,
        *carry,
        in_place={5 + number: 3 + number for number in range(len(carry) - 3)},
    )
    return Backward(*carry[:3], *changed), Actions(push, pop, value)


def call(
    memory: str,
    name: str,
    results: Sequence[Array | jax.ShapeDtypeStruct],
    step: Int[Array, "*batch"],
    *operands: Array,
    in_place: dict[int, int] | None = None,
    **attributes: int,
) -> Sequence[Array]:
    """Call a memory's kernel of this name; `results` give the shapes and dtypes.

    An axis of sequences behind that of tracks is what `interleaved` is the size of; 0 if there is none.
    """
    kernel = jax.ffi.ffi_call(
        f"neuralstack_{memory}_{name}",
        [jax.ShapeDtypeStruct(result.shape, result.dtype) for result in results],
        vmap_method="broadcast_all",
        input_output_aliases=in_place,
    )
    operands = vary_together((jnp.asarray(step, INT), *operands))
    return vary_like(kernel(*operands, **{name: np.int64(value) for name, value in attributes.items()}), operands)
