"""The kernels of the stack, as functions of one sequence: the same six as in `memories._stack_interval`.

Under `vmap`, and `vmap` of `vmap`, one call holds the whole batch. Each call works in place where it changes a carry.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

INT = jnp.int32


class Forward(NamedTuple):
    """A log of the values, and the slots that are alive: which element each holds, how much of it, and how many."""

    values: Float[Array, "steps width"]
    elements: Int[Array, " steps"]
    strengths: Float[Array, " steps"]
    alive: Int[Array, ""]


class Backward(NamedTuple):
    """What goes backwards: the values and what each step changed, the slots, and the cotangents so far."""

    values: Float[Array, "steps width"]
    changed_slots: Int[Array, "steps 2"]
    changed_strengths: Float[Array, "steps 2"]
    elements: Int[Array, " steps"]
    strengths: Float[Array, " steps"]
    alive: Int[Array, ""]
    value_cotangents: Float[Array, "steps width"]
    strength_cotangents: Float[Array, " steps"]


def reads(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Float[Array, "steps width"]:
    """Return every read of a whole sequence, zero after the first `steps`."""
    (read,) = call("run", [values], steps, push, pop, values)
    return read


def reads_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
    reads_cotangent: Float[Array, "steps width"],
) -> tuple[Float[Array, " steps"], Float[Array, " steps"], Float[Array, "steps width"]]:
    """Return the cotangents of push, pop and values."""
    push, pop, values = call("run_backward", [push, pop, values], steps, push, pop, values, reads_cotangent)
    return push, pop, values


def start_forward(steps: int, width: int, dtype: DTypeLike) -> Forward:
    """Return the empty stack."""
    return Forward(jnp.zeros((steps, width), dtype), jnp.zeros(steps, INT), jnp.zeros(steps, dtype), jnp.zeros((), INT))


def step_forward(
    carry: Forward, time: Int[Array, ""], push: Float[Array, ""], pop: Float[Array, ""], value: Float[Array, " width"]
) -> tuple[Forward, Float[Array, " width"]]:
    """Take step `time` and read."""
    in_place = {4 + number: 1 + number for number in range(len(carry))}
    read, *changed = call("step_forward", [value, *carry], time, push, pop, value, *carry, in_place=in_place)
    return Forward(*changed), read


def start_backward(
    push: Float[Array, " steps"],
    pop: Float[Array, " steps"],
    values: Float[Array, "steps width"],
    steps: Int[Array, ""],
) -> Backward:
    """Return what goes backwards from the end of the first `steps` steps."""
    length = len(push)
    pairs = jax.ShapeDtypeStruct((length, 2), INT), jax.ShapeDtypeStruct((length, 2), push.dtype)
    slots = jax.ShapeDtypeStruct((length,), INT), push, jax.ShapeDtypeStruct((), INT)
    elements, strengths, alive, changed_slots, changed_strengths = call("replay", [*slots, *pairs], steps, push, pop)
    zeros = jnp.zeros_like(values), jnp.zeros_like(push)
    return Backward(values, changed_slots, changed_strengths, elements, strengths, alive, *zeros)


def step_backward(
    carry: Backward, time: Int[Array, ""], read_cotangent: Float[Array, " width"]
) -> tuple[Backward, tuple[Float[Array, ""], Float[Array, ""], Float[Array, " width"]]]:
    """Undo step `time`; return the cotangents of its push, pop and value."""
    strength = jax.ShapeDtypeStruct((), read_cotangent.dtype)
    push, pop, value, *changed = call(
        "step_back",
        [strength, strength, read_cotangent, *carry[3:]],
        time,
        read_cotangent,
        *carry,
        in_place={5 + number: 3 + number for number in range(len(carry) - 3)},
    )
    return Backward(*carry[:3], *changed), (push, pop, value)


def call(
    name: str,
    results: Sequence[Array | jax.ShapeDtypeStruct],
    step: Int[Array, ""],
    strength: Float[Array, "..."],
    *operands: Array,
    in_place: dict[int, int] | None = None,
) -> Sequence[Array]:
    """Call the kernel of this name and of the strength's dtype; results are like the arrays that are given for them."""
    kernel = jax.ffi.ffi_call(
        f"neuralstack_{name}_{strength.dtype}",
        [jax.ShapeDtypeStruct(result.shape, result.dtype) for result in results],
        vmap_method="broadcast_all",
        input_output_aliases=in_place,
    )
    return kernel(jnp.asarray(step, INT), strength, *operands)
