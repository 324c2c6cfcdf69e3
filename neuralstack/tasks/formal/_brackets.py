"""Balanced brackets of exactly a given length, drawn and looked through without a stack.

The grammar S -> ( S ) | S S | nothing is first rid of what comes from nothing: a string T that is not empty wraps
another one, is a pair with nothing inside, or is two joined. A derivation of n pairs with k joins has n - k - 1 wraps
and k + 1 empty pairs, and its probability depends on k alone. In preorder its nodes are steps of +1 (a join: one more
string is due), 0 (a wrap) and -1 (an empty pair), which first come to -1 at the last node. Of the rotations of any
order of such steps exactly one does that (the cycle lemma: Dvoretzky & Motzkin, 1947). So k is drawn, then an order
of the steps, and this is rotated. What belongs together in brackets is found by sorting places by their depth.

A loop here carries a few numbers from place to place, and takes a fraction of the time of one that carries a stack.
"""

from functools import cache
from math import lgamma

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from neuralstack.tasks._chances import draw_chances

WRAP, JOIN, NOTHING = 0.5, 0.25, 0.25


def draw_brackets(key: PRNGKeyArray, length: Int[Array, ""] | int, size: int) -> Bool[Array, " {size}"]:
    """Draw balanced brackets: say which places of `size`, which is even, close one.

    The even `length` may be traced. What lies beyond it is not to be looked at.

    The probability of a string is that of S -> ( S ) with `WRAP`, S S with `JOIN`, else nothing, given the length.
    """
    join_key, order_key = jax.random.split(key)
    index = jnp.arange(size - 1)  # of a node in preorder: of n pairs there are at most 2 n - 1
    pairs = length // 2
    joins = jnp.sum(jax.random.uniform(join_key) >= jnp.asarray(join_chances(size // 2))[pairs])
    nodes = pairs + joins
    step, due, start = draw_order(draw_chances(order_key, size - 1), joins, nodes)
    node = (index + start) % nodes
    # What those before the start left due counts less by one behind the end.
    step, due = jnp.where(index < nodes, step[node], 1), jnp.where(index < nodes, due[node] - (node < start), size)

    # After an empty pair close the wraps around it: those with as many due since the empty pair before them there.
    # A join and the first of its strings are not mixed up: before it one string less is due.
    turn = order_by(due)
    _, closing = jax.lax.scan(
        lambda wraps, step: (jnp.where(step < 0, 0, wraps + (step == 0)), wraps), jnp.array(0), step[turn]
    )
    closing = jnp.zeros_like(turn).at[turn].set(closing)
    symbols = jnp.where(step < 0, 2 + closing, step == 0)
    opens = jnp.where(step < 1, running_sum(symbols) - symbols, size)
    return jnp.ones(size, bool).at[opens].set(False, mode="drop")


def draw_order(
    chances: Float[Array, " places"], joins: Int[Array, ""], nodes: Int[Array, ""]
) -> tuple[Int[Array, " places"], Int[Array, " places"], Int[Array, ""]]:
    """Return an order of the steps, the sum of those before each, and after which of them it is lowest first."""

    def advance(carry, chance):
        index, left, ups, downs, due, lowest, start = carry
        at = chance * left
        step = jnp.where(at < ups, 1, jnp.where(at < ups + downs, -1, 0))
        is_lower = (due + step < lowest) & (left > 0)
        after = (
            index + 1,
            left - 1,
            ups - (step > 0),
            downs - (step < 0),
            due + step,
            jnp.where(is_lower, due + step, lowest),
            jnp.where(is_lower, index + 1, start),
        )
        return after, (step, due)

    none = jnp.zeros_like(nodes)
    (*_, start), (step, due) = jax.lax.scan(advance, (none, nodes, joins, joins + 1, none, none, none), chances)
    return step, due, start


def innermost_open(closes: Bool[Array, " size"]) -> tuple[Int[Array, " size"], Int[Array, " size"]]:
    """Return, after each place of balanced brackets, where the innermost open one was opened, and how many are open.

    If none is, the first number means nothing.
    """
    depth = running_sum(jnp.where(closes, -1, 1))
    turn = order_by(depth)

    def advance(last, step):  # among the places that leave equally many open, it is the last one that opens
        index, is_closing = step
        last = jnp.where(is_closing, last, index)
        return last, last

    _, opened = jax.lax.scan(advance, jnp.array(0), (turn, closes[turn]))
    return jnp.zeros_like(turn).at[turn].set(opened), depth


def order_by(height: Int[Array, " places"]) -> Int[Array, " places"]:
    """Return the places by height, and those of equal height in their order.

    A sort of single numbers takes a fraction of the time of one that carries the places along.
    """
    places = len(height)
    return jnp.sort(height * places + jnp.arange(places)) % places


def running_sum(values: Int[Array, " places"]) -> Int[Array, " places"]:
    """Return the sums up to each place; for a batch on a CPU, a loop adds them faster than a tree of partial sums."""
    return jax.lax.scan(lambda total, value: (total + value, total + value), jnp.zeros((), values.dtype), values)[1]


@cache
def join_chances(most: int) -> Float[np.ndarray, "pairs joins"]:
    """Return the probability of at most so many joins, by the number of pairs, up to `most`.

    There are (n + k - 1)! / ((n - k - 1)! (k + 1)! k!) derivations with k joins.
    """
    nothing = (1 - np.sqrt(1 - 4 * JOIN * NOTHING)) / (2 * JOIN)  # the chance that S becomes nothing
    lone = 1 - 2 * JOIN * nothing  # a join with nothing on one side only begins again
    pairs, joins = np.mgrid[1 : most + 1, :most]
    wraps = pairs - joins - 1
    possible = wraps >= 0
    wraps = np.where(possible, wraps, 0)
    log_factorial = np.array([lgamma(number + 1) for number in range(2 * most + 1)])
    count = log_factorial[pairs + joins - 1] - log_factorial[wraps] - log_factorial[joins + 1] - log_factorial[joins]
    chance = wraps * np.log(WRAP / lone) + (joins + 1) * np.log(WRAP * nothing / lone) + joins * np.log(JOIN / lone)
    weight = np.where(possible, count + chance, -np.inf)
    chances = np.cumsum(np.exp(weight - np.logaddexp.reduce(weight, axis=1, keepdims=True)), axis=1)
    chances[~possible | (wraps == 0)] = 2  # nothing drawn goes beyond the last possible one
    return np.concatenate([chances[:1], chances]).astype(np.float32)
