"""Text generation: sampling from language models, character by character."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from neuralstack.corpora._filter import filter_logits
from neuralstack.evaluation import padded
from neuralstack.machine import Machine, Transformer
from neuralstack.tasks import Characters

LONGEST = 10**6  # characters to write
LENGTH = 300  # characters to write where no number is given
MOST = 10**7  # characters of several texts together
LARGEST_SEED = 2**31 - 1
LINE_BREAK = "\n"  # precedes a text without a prompt


def sample_text(
    machine: Machine | Transformer,
    task: Characters,
    prompt: str = "",
    length: int = LENGTH,
    temperature: float = 1.0,
    seed: int = 0,
    *,
    top_k: int | None = None,
    top_p: float | None = None,
    stop: str | None = None,
) -> str:
    """Generate text with a machine, from a prompt or from the start.

    The text is written in stretches of the task's `max_length`, as in training, whose memory starts empty. The state of
    a machine's controller is carried from one to the next; a Transformer, which carries nothing, reads the second half
    of each stretch again at the start of the next.

    Logits are divided by the temperature, then restricted to the `top_k` likeliest characters, then to the likeliest
    ones of probability mass `top_p` (nucleus sampling; Holtzman et al., 2020).

    Args:
        machine: A trained machine or Transformer.
        task: Its task, whose text is not read.
        prompt: The start of the text. Without one, the text starts as after a line break; if the alphabet has none, the
            first character is drawn uniformly.
        length: Maximum number of characters to generate.
        temperature: Divisor of the logits; at 0, the likeliest character is chosen.
        seed: Random seed, from 0 to 2147483647.
        top_k: Number of characters to sample from at each step. Defaults to all.
        top_p: Probability mass of the characters to sample from at each step, above 0 and at most 1. Defaults to all.
        stop: A character that ends the text; it is not part of what is returned.

    Returns:
        The generated text, without the prompt.

    Raises:
        ValueError: If the prompt has a character that the task does not know, or a number is out of range.

    Examples:
        >>> import neuralstack as ns
        >>> task, key = ns.Characters(max_length=8, alphabet="abc"), jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, key=key)
        >>> text = ns.sample_text(machine, task, "ab", 5, top_k=2, seed=3)
        >>> len(text), text == ns.sample_text(machine, task, "ab", 5, top_k=2, seed=3)
        (5, True)
    """
    check_sampling(task, length, temperature, seed, top_k, top_p, stop)
    key = jax.random.key(seed)
    context, first = _beginning(task, prompt, key)
    tokens = task.encode(context)
    total = len(tokens) + length - len(first)
    written = _write(
        machine, padded(tokens, total), len(tokens), jnp.asarray(temperature, jnp.float32), key, task.max_length,
        task.symbols, jnp.asarray(min(top_k or task.symbols, task.symbols)), jnp.asarray(top_p or 1.0, jnp.float32),
    )  # fmt: skip
    text = first + task.decode(np.asarray(written)[len(tokens) - 1 : total - 1].tolist())
    return text if stop is None else text.partition(stop)[0]


def sample_texts(
    machine: Machine | Transformer, task: Characters, count: int, prompt: str = "", **options: Any
) -> Iterator[str]:
    """Generate several texts; each is that of `sample_text` with the next seed.

    Args:
        machine: A trained machine or Transformer.
        task: Its task.
        count: Number of texts.
        prompt: The start of each.
        options: The other arguments of `sample_text`; `seed` is the seed of the first text.

    Yields:
        Each generated text, without the prompt, as soon as it is complete.

    Raises:
        ValueError: If `count` is out of range, or as for `sample_text`.

    Examples:
        >>> import neuralstack as ns
        >>> task, key = ns.Characters(max_length=8, alphabet="abc"), jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, key=key)
        >>> [len(text) for text in ns.sample_texts(machine, task, 3, "ab", length=5)]
        [5, 5, 5]
    """
    if not 1 <= count <= LONGEST:
        raise ValueError(f"count, the number of texts, must be at least 1 and at most {LONGEST}, got {count}.")
    length = options.get("length", LENGTH)
    if count * length > MOST:
        raise ValueError(
            f"count={count} texts of length={length} are {count * length} characters to write, but at most {MOST} are "
            "written: give fewer texts, or shorter ones."
        )
    seed = options.pop("seed", 0)
    for number in range(count):
        yield sample_text(machine, task, prompt, seed=seed + number, **options)


def check_sampling(
    task: Characters,
    length: int,
    temperature: float,
    seed: int,
    top_k: int | None,
    top_p: float | None,
    stop: str | None,
) -> None:
    """Check the options of sampling.

    Raises:
        ValueError: If a number is out of range, or `stop` is not a character of the alphabet.
    """
    if not 1 <= length <= LONGEST:
        raise ValueError(
            f"length, the number of characters to write, must be at least 1 and at most {LONGEST}, got {length}."
        )
    if not 0 <= temperature < float("inf"):
        raise ValueError(f"temperature must be a number of at least 0, not infinite, got {temperature}.")
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed must be a whole number from 0 to {LARGEST_SEED}, got {seed}.")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k, the number of characters to draw from, must be at least 1, got {top_k}.")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p, the mass of the characters to draw from, must be above 0 and at most 1, got {top_p}.")
    if stop is not None and (len(stop) != 1 or stop not in task.alphabet):
        raise ValueError(f"stop must be one character of the task's alphabet, got {stop!r}.")


def _beginning(task: Characters, prompt: str, key: Array) -> tuple[str, str]:
    """Return the text that comes first, and the part of it that belongs to the result: a first character drawn."""
    if prompt:
        return prompt, ""
    if LINE_BREAK in task.alphabet:
        return LINE_BREAK, ""
    first = task.alphabet[int(jax.random.randint(jax.random.fold_in(key, LARGEST_SEED), (), 0, task.symbols))]
    return first, first


@partial(jax.jit, static_argnums=(5, 6))
def _write(
    machine: Machine | Transformer,
    prompt: Int[Array, " steps"],
    given: Int[Array, ""] | int,
    temperature: Float[Array, ""],
    key: Array,
    stride: int,
    symbols: int,
    top_k: Int[Array, ""],
    top_p: Float[Array, ""],
) -> Int[Array, " written"]:
    """Return the character chosen after each one of the prompt, and then of the generated text."""
    reread = 0 if machine.carries_state else stride // 2

    def step(carry, place):
        state, last, written = carry
        time, is_new = place
        token = jnp.where(time < given, prompt[jnp.minimum(time, len(prompt) - 1)], last)
        state, shown = machine.step(state, token)
        logits = shown.logits[:symbols]
        kept = filter_logits(logits / jnp.maximum(temperature, 1e-6), top_k, top_p)
        drawn = jax.random.categorical(jax.random.fold_in(key, time), kept)
        chosen = jnp.where(temperature > 0, drawn, jnp.argmax(logits)).astype(jnp.int32)
        chosen = jnp.where(is_new, chosen, written[time])
        return (state, chosen, written.at[time].set(chosen)), None

    def stretch(carry, row):
        state, written = carry
        start = row * (stride - reread)
        times = start + jnp.arange(stride)
        is_new = (jnp.arange(stride) >= reread) | (row == 0)
        begun = machine.next_stretch(state, stride), written[start - 1], written
        (state, _, written), _ = jax.lax.scan(step, begun, (times, is_new))
        return (state, written), None

    rows = -(-max(len(prompt) - reread, 1) // (stride - reread))
    written = jnp.zeros(rows * (stride - reread) + reread, jnp.int32)
    return jax.lax.scan(stretch, (machine.init(stride), written), jnp.arange(rows))[0][1]
