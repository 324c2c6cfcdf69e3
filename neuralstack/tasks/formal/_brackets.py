"""Balanced brackets of exactly a given length, drawn and matched without a stack.

The grammar S -> ( S ) | S S | nothing is first rewritten without empty strings: a nonempty string wraps another one, is
a pair with nothing inside, or joins two. A derivation of n pairs with k joins has n - k - 1 wraps and k + 1 empty
pairs, and its probability depends only on k. In preorder, its nodes are steps of +1 (a join: one more string is due), 0
(a wrap) and -1 (an empty pair), whose sum first reaches -1 at the last node. Of the rotations of any order of such
steps, exactly one has this property (the cycle lemma: Dvoretzky & Motzkin, 1947). So k is drawn, then an order of the
steps, which is rotated accordingly. Matching brackets are found by sorting positions by their depth.

A loop here carries a few numbers from one position to the next, and takes a fraction of the time of one that carries a
stack.
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
    """Draw balanced brackets, as the mask of the closing ones among `size` positions, an even number.

    The even `length` may be traced. Entries beyond it are meaningless.

    The probability of a string is that of S -> ( S ) with `WRAP`, S S with `JOIN`, otherwise nothing, given the length.
    """
    join_key, order_key = jax.random.split(key)
    index = jnp.arange(size - 1)  # of a node in preorder: n pairs have at most 2 n - 1 nodes
    pairs = length // 2
    joins = jnp.sum(jax.random.uniform(join_key) >= jnp.asarray(join_chances(size // 2))[pairs])
    nodes = pairs + joins
    step, due, start = draw_order(draw_chances(order_key, size - 1), joins, nodes)
    node = (index + start) % nodes
    # The nodes before the start move behind the end, where one string less is due.
    step, due = jnp.where(index < nodes, step[node], 1), jnp.where(index < nodes, due[node] - (node < start), size)

    # After an empty pair, the wraps around it close: those since the last empty pair before which as many were due.
    # A join and the first of its strings are not confused: before the join, one string less is due.
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
    """Return a random order of the steps, the sum before each step, and the index at which this sum is first lowest."""

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
    """Return, after each position of balanced brackets, that of the innermost open one, and the number of open ones.

    If none is open, the first number is meaningless.
    """
    depth = running_sum(jnp.where(closes, -1, 1))
    turn = order_by(depth)

    def advance(last, step):  # among the positions of equal depth, it is the last that opens
        index, is_closing = step
        last = jnp.where(is_closing, last, index)
        return last, last

    _, opened = jax.lax.scan(advance, jnp.array(0), (turn, closes[turn]))
    return jnp.zeros_like(turn).at[turn].set(opened), depth


def order_by(height: Int[Array, " places"]) -> Int[Array, " places"]:
    """Return the positions sorted by height; those of equal height stay in order.

    Sorting single numbers takes a fraction of the time of a sort that carries the positions along.
    """
    places = len(height)
    return jnp.sort(height * places + jnp.arange(places)) % places


def running_sum(values: Int[Array, " places"]) -> Int[Array, " places"]:
    """Return the cumulative sum; for a batch on a CPU, a loop is faster than a tree of partial sums."""
    return jax.lax.scan(lambda total, value: (total + value, total + value), jnp.zeros((), values.dtype), values)[1]


@cache
def join_chances(most: int) -> Float[np.ndarray, "pairs joins"]:
    """Return the probability of at most k joins for each number of pairs up to `most`, and each k.

    There are (n + k - 1)! / ((n - k - 1)! (k + 1)! k!) derivations with k joins.
    """
    nothing = (1 - np.sqrt(1 - 4 * JOIN * NOTHING)) / (2 * JOIN)  # the probability that S derives nothing
    lone = 1 - 2 * JOIN * nothing  # a join with an empty side only repeats S
    pairs, joins = np.mgrid[1 : most + 1, :most]
    wraps = pairs - joins - 1
    possible = wraps >= 0
    wraps = np.where(possible, wraps, 0)
    log_factorial = np.array([lgamma(number + 1) for number in range(2 * most + 1)])
    count = log_factorial[pairs + joins - 1] - log_factorial[wraps] - log_factorial[joins + 1] - log_factorial[joins]
    chance = wraps * np.log(WRAP / lone) + (joins + 1) * np.log(WRAP * nothing / lone) + joins * np.log(JOIN / lone)
    weight = np.where(possible, count + chance, -np.inf)
    chances = np.cumsum(np.exp(weight - np.logaddexp.reduce(weight, axis=1, keepdims=True)), axis=1)
    chances[~possible | (wraps == 0)] = 2  # no draw exceeds the last possible number
    return np.concatenate([chances[:1], chances]).astype(np.float32)
