"""Curricula: the lengths of the sources to train on, and how they depend on what was learned."""

import abc
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from neuralstack.training._bounds import Probability, Size

WARMED_UP_AFTER = 5  # batches in a row without an error


class CurriculumState(NamedTuple):
    """The progress of a curriculum."""

    perfect_batches: Int[Array, ""]
    """Batches in a row without an error, or with few errors, at these lengths."""
    warmed_up: Bool[Array, ""]
    """Whether all lengths have been reached; an attempt that has not reached them may be restarted."""
    longest: Int[Array, ""]
    """The longest source to draw, in the adaptive curriculum."""
    stalled: Int[Array, ""]
    """Batches since the curriculum last made progress, until all lengths have been reached."""


@dataclass(frozen=True)
class AbstractCurriculum(abc.ABC):
    """A rule for the lengths of the sources in a batch. Curricula are frozen and hashable, and their methods pure."""

    def init(self, bounds: tuple[int, int]) -> CurriculumState:
        """Return the state before the first batch; `bounds` are the shortest and the longest source."""
        zero = jnp.zeros((), jnp.int32)
        return CurriculumState(zero, jnp.asarray(True), jnp.asarray(bounds[0], jnp.int32), zero)

    def update(self, state: CurriculumState, accuracy: Float[Array, ""], bounds: tuple[int, int]) -> CurriculumState:
        """Return the state after a batch; `accuracy` is the fraction of it that was answered without an error."""
        del bounds
        perfect = jnp.where(accuracy == 1, state.perfect_batches + 1, 0)
        warmed_up = state.warmed_up | (perfect >= WARMED_UP_AFTER)
        stalled = jnp.where(warmed_up, 0, state.stalled + 1)
        return state._replace(perfect_batches=perfect, warmed_up=warmed_up, stalled=stalled)

    @abc.abstractmethod
    def draw(
        self,
        state: CurriculumState,
        attempt_step: Int[Array, ""],
        keys: tuple[Array, Array],
        size: int,
        bounds: tuple[int, int],
    ) -> Int[Array, " batch"]:
        """Draw the lengths of the next batch.

        Args:
            state: The progress so far.
            attempt_step: Number of batches trained on in this attempt.
            keys: Two random keys.
            size: Number of sources in the batch.
            bounds: The shortest and the longest source.
        """

    def within(self, bounds: tuple[int, int]) -> "AbstractCurriculum":
        """Return the curriculum for these bounds."""
        del bounds
        return self


@dataclass(frozen=True)
class Uniform(AbstractCurriculum):
    """All lengths from the start, equally often."""

    def draw(self, state, attempt_step, keys, size, bounds):
        del state, attempt_step
        return jax.random.randint(keys[1], (size,), bounds[0], bounds[1] + 1)


@dataclass(frozen=True)
class Warmup(AbstractCurriculum):
    """A few lengths, equally often, until 5 batches in a row are answered without an error; then all lengths.

    Short sequences need a large share of the gradient until the machine uses its memory.

    Examples:
        >>> Warmup((8, 16, 32)).within((2, 20))
        Warmup(lengths=(8, 16))
    """

    lengths: tuple[Size, ...] = (8, 16, 32)
    """The lengths to start with."""

    def init(self, bounds):
        return super().init(bounds)._replace(warmed_up=jnp.asarray(False))

    def draw(self, state, attempt_step, keys, size, bounds):
        all_lengths = jax.random.randint(keys[1], (size,), bounds[0], bounds[1] + 1)
        first = jax.random.choice(keys[0], jnp.array(self.lengths), (size,))
        return jnp.where(state.warmed_up, all_lengths, first)

    def within(self, bounds):
        """Return the warm-up without lengths outside the bounds, or a uniform curriculum if none is left."""
        kept = tuple(length for length in self.lengths if bounds[0] <= length <= bounds[1])
        return replace(self, lengths=kept) if kept else Uniform()


@dataclass(frozen=True)
class Linear(AbstractCurriculum):
    """Lengths up to a maximum that grows linearly with the number of batches."""

    steps: Size = 500
    """Batches over which the maximum grows to the upper bound."""

    def draw(self, state, attempt_step, keys, size, bounds):
        low, high = bounds
        high = low + jnp.floor((high - low) * jnp.minimum(attempt_step / self.steps, 1)).astype(int)
        return jax.random.randint(keys[1], (size,), low, high + 1)


@dataclass(frozen=True)
class Adaptive(AbstractCurriculum):
    """Lengths up to a maximum L, which grows by 1 + L / 8 after a few batches in a row with enough right answers.

    Examples:
        >>> curriculum, bounds = Adaptive(batches=1), (1, 40)
        >>> state = curriculum.update(curriculum.init(bounds), jnp.array(0.95), bounds)
        >>> int(state.longest), bool(state.warmed_up)
        (2, False)
    """

    accuracy: Probability = 0.9
    """The fraction of a batch that must be answered without an error."""
    batches: Size = 3
    """The number of such batches in a row after which the maximum grows."""

    def init(self, bounds):
        return super().init(bounds)._replace(warmed_up=jnp.asarray(bounds[0] == bounds[1]))

    def update(self, state, accuracy, bounds):
        good = jnp.where(accuracy >= self.accuracy, state.perfect_batches + 1, 0)
        succeeded = good >= self.batches
        longest = jnp.minimum(state.longest + succeeded * (1 + state.longest // 8), bounds[1])
        done = state.warmed_up | (longest >= bounds[1])
        stalled = jnp.where(done | succeeded, 0, state.stalled + 1)
        return CurriculumState(jnp.where(succeeded, 0, good), done, longest, stalled)

    def draw(self, state, attempt_step, keys, size, bounds):
        return jax.random.randint(keys[1], (size,), bounds[0], state.longest + 1)


CURRICULA = {"warmup": Warmup, "uniform": Uniform, "linear": Linear, "adaptive": Adaptive}
"""Every curriculum by its name."""
