"""Quantization noise: every number that a machine hands on is rounded with some probability."""

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from neuralstack._rounding import Rounding, RoundingByMask, all_rounded, count_rounded, unrounded
from neuralstack.controllers import AbstractController
from neuralstack.machine._act import raw_action

if TYPE_CHECKING:
    from neuralstack.machine._machine import Machine

LEVELS = 256  # probabilities are multiples of 1 / LEVELS: two random bytes a number cost half of a random word


class QuantizationNoise(NamedTuple):
    """The noise of one batch (Fan et al., 2021)."""

    probability: Float[Array, ""] | float
    """The probability with which every number is rounded."""
    key: PRNGKeyArray
    """The key from which it is decided."""
    dither: Float[Array, ""] | float = 0.0
    """The largest shift of a number before it is rounded, in half of the examples.

    If numbers were shifted in all examples, a machine could keep a fraction in how often its numbers are rounded up.
    """
    draw_rows: Callable[[Callable[[tuple[int, ...]], Array], tuple[int, ...]], Array] | None = None
    """If these examples are a part of a larger batch: a function that draws for that batch, given what draws an array
    of a shape and the shape for this part, and returns what belongs to this part."""


class RoundingMasks(NamedTuple):
    """Masks of what is rounded and shifted (see `RoundingByMask`); all are None without quantization noise."""

    initial: Float[Array, "batch numbers"] | None = None
    """For the initial states."""
    controller: Float[Array, "steps batch numbers"] | None = None
    """For the states and hidden vectors of the controller."""
    action: Float[Array, "steps batch numbers"] | None = None
    """For the gates and values of the actions."""
    readout: Float[Array, "steps batch numbers"] | None = None
    """For the states and hidden vectors of the readout."""


def draw_masks(machine: "Machine", noise: QuantizationNoise | None, steps: int, batch: int) -> RoundingMasks:
    """Draw what is rounded in a batch, and by how much it is shifted before."""
    if noise is None:
        return RoundingMasks()
    keys = jax.random.split(noise.key, 4)
    counts = count_rounded(lambda rounding: rounding(machine.init_states())), *_counts(machine)
    shapes = [(batch, counts[0]), *((steps, batch, count) for count in counts[1:])]
    draw_rows = noise.draw_rows or (lambda draw, shape: draw(shape))
    draws = [partial(_draw_mask, noise=noise, key=key) for key in keys]
    masks = [draw_rows(draw, shape) for draw, shape in zip(draws, shapes, strict=True)]
    return RoundingMasks(*(mask.astype(machine.embedding.dtype) for mask in masks))


def _draw_mask(shape: tuple[int, ...], noise: QuantizationNoise, key: PRNGKeyArray) -> Float[Array, "*shape"]:
    """Draw a mask: 0 for a number that is not rounded, otherwise 1 and a uniform shift."""
    bits = jax.random.bits(key, shape, jnp.uint16)
    choice, position = (part.astype(jnp.float32) for part in (bits // LEVELS, bits % LEVELS))
    is_rounded = choice < jnp.round(LEVELS * jnp.asarray(noise.probability))
    largest = jnp.where(jnp.arange(shape[-2]) % 2, noise.dither, 0.0)[:, None]
    return jnp.where(is_rounded, 1 + largest * (2 * position / (LEVELS - 1) - 1), 0)


def _counts(machine: "Machine") -> tuple[int, int, int]:
    """Return how many numbers of the controller, of an action and of the readout are rounded at each step."""
    hidden = jnp.zeros(machine.controller.hidden_size)
    embedded, read = jnp.zeros(machine.embedding.shape[1]), jnp.zeros(machine.memory.read_size)

    def act(rounding):
        return rounding(machine.memory.decode(raw_action(machine, hidden, embedded, read, rounding)))

    readout = machine.readout
    return _step_count(machine.controller), count_rounded(act), 0 if readout is None else _step_count(readout)


def _step_count(controller: AbstractController) -> int:
    start = controller.init(), jnp.zeros(controller.projected_size)
    return count_rounded(lambda rounding: controller.step_rounded(*start, rounding))


def rounding_of(quantized: bool, *masks: Array | None) -> Rounding:
    """Return the rounding of one step of one example: of everything in a quantized machine, otherwise by the masks.

    It is given no machine, whose arrays a loop must not keep alive.
    """
    if quantized:
        return all_rounded
    given = [mask for mask in masks if mask is not None]
    return RoundingByMask(jnp.concatenate(given)) if given else unrounded


def round_initial(machine: "Machine", states: PyTree[Array], masks: RoundingMasks) -> PyTree[Array]:
    """Round the initial states of a batch."""
    if masks.initial is None:
        return rounding_of(machine.quantized)(states)
    return jax.vmap(lambda states, mask: rounding_of(machine.quantized, mask)(states))(states, masks.initial)


def quantized(machine: "Machine", enabled: bool = True) -> "Machine":
    """Return the same machine with all states, hidden vectors, gates and values rounded, or without that."""
    rounded = object.__new__(type(machine))
    for field in fields(machine):
        object.__setattr__(rounded, field.name, enabled if field.name == "quantized" else getattr(machine, field.name))
    return rounded
