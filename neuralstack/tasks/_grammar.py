"""Sentences of exactly a given length, drawn from a probabilistic context-free grammar.

Rejection sampling would need hundreds of derivations for a long sentence. Instead, the probability that a symbol
derives exactly n words is computed beforehand for every n (the inside weights), and a derivation is drawn from the root
down: a symbol that must derive n words chooses a rule, and the number of words that its first part derives, with the
probability of this choice among all derivations of n words. So each sentence is as likely as in the grammar, given its
length.
"""

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

Grammar = tuple[tuple[str, tuple[tuple[float, str], ...]], ...]
"""Rules by symbol, the root first. A rule is a probability and what it makes: symbols between spaces, or nothing.

A symbol without rules is a terminal: one word.
"""


class Tables(NamedTuple):
    """Lookup tables for drawing. All choices of a symbol for a length form a row of the last four, an alias table."""

    row: Int[np.ndarray, "symbols lengths"]
    choices: Int[np.ndarray, "symbols lengths"]
    """Start of the row, and its number of choices."""
    parts: Int[np.ndarray, "choices 2"]
    """The two symbols that a choice produces."""
    first: Int[np.ndarray, " choices"]
    """Number of words that the first of them derives."""
    keep: Float[np.ndarray, " choices"]
    other: Int[np.ndarray, " choices"]
    """Alias of a choice, used if the choice is not kept (Walker, 1977)."""


def draw_word(key: PRNGKeyArray, grammar: Grammar, length: Int[Array, ""] | int, longest: int) -> Int[Array, " word"]:
    """Draw a sentence of exactly `length` words, as likely as in the grammar, in an array of `longest`.

    Words are indices into the `terminals` of the grammar; entries beyond the length are meaningless. The grammar must
    have sentences of this length: a traced length cannot be refused, and tasks raise it to one that exists.

    Args:
        key: Random key.
        grammar: Rules by symbol, the root first: each is a probability and symbols separated by spaces.
        length: Number of words, at most `longest`.
        longest: Length of the longest sentence, a number known at compile time.

    Examples:
        >>> import jax
        >>> grammar = (("S", ((0.5, "( S )"), (0.25, "S S"), (0.25, ""))),)
        >>> word = draw_word(jax.random.key(0), grammar, 2, longest=6)
        >>> [terminals(grammar)[kind] for kind in word[:2]]
        ['(', ')']
    """
    # A stack holds what is still to be written: symbols, and the number of words that each must derive.
    table = tables(grammar, longest)
    row, choices, parts, first, keep, other = map(jnp.asarray, table)
    nonterminals = len(table.row)
    turns = 4 * longest + 8
    chances = jax.random.uniform(key, (turns, 2))

    def write(carry):
        turn, symbols, budgets, height, word, written = carry
        symbol, budget = symbols[height - 1], budgets[height - 1]
        is_word = symbol >= nonterminals
        cell = jnp.minimum(symbol, nonterminals - 1), budget
        chance = chances[turn % turns]
        choice = row[cell] + jnp.minimum((chance[0] * choices[cell]).astype(int), choices[cell] - 1)
        choice = jnp.where(chance[1] < keep[choice], choice, other[choice])
        sizes = jnp.stack([budget - first[choice], first[choice]])  # the second part lies below the first
        # An empty part is not pushed, so that every symbol on the stack derives at least one word.
        both = (sizes > 0).all()
        nonempty = jnp.argmax(sizes > 0)
        children = parts[choice][::-1]
        low = jnp.where(both, 0, nonempty)
        slot = jnp.where(is_word, len(symbols) - 2, height - 1)
        symbols = symbols.at[slot].set(children[low]).at[slot + 1].set(children[1])
        budgets = budgets.at[slot].set(sizes[low]).at[slot + 1].set(sizes[1])
        word = word.at[jnp.where(is_word, written, longest)].set(symbol - nonterminals, mode="drop")
        height = height + jnp.where(is_word, -1, both)
        return turn + 1, symbols, budgets, height, word, written + is_word

    empty = jnp.zeros(longest + 4, int)
    start = jnp.array(0), empty, empty.at[0].set(length), jnp.array(1), jnp.zeros(longest, int), jnp.array(0)
    return jax.lax.while_loop(lambda carry: carry[3] > 0, write, start)[4]


def terminals(grammar: Grammar) -> tuple[str, ...]:
    """Return the terminals of a grammar, in the order of their numbers in a drawn sentence.

    Examples:
        >>> terminals((("sentence", ((1.0, "subject verb rest"),)), ("rest", ((0.5, "object"), (0.5, "")))))
        ('object', 'subject', 'verb')
    """
    made = {symbol for _, productions in grammar for _, text in productions for symbol in text.split()}
    return tuple(sorted(made - {name for name, _ in grammar}))


@cache
def tables(grammar: Grammar, longest: int) -> Tables:
    """Return the lookup tables for drawing up to `longest` words."""
    rules = in_pairs(grammar)
    number = {name: index for index, name in enumerate([*rules, *terminals(grammar), ""])}
    weights = inside(rules, number, longest)
    row, choices = np.zeros((2, len(rules), longest + 1), np.int32)
    blocks: list[tuple[np.ndarray, ...]] = []
    for name, productions in rules.items():
        for length in range(1, longest + 1):
            chances = np.array([
                chance * weights[number[left], : length + 1] * weights[number[right], length::-1][: length + 1]
                for chance, left, right in productions
            ])  # fmt: skip
            # A rule that only produces its own symbol again is left out.
            for index, (_, left, right) in enumerate(productions):
                chances[index, length] *= left != name
                chances[index, 0] *= right != name
            rule, first = np.nonzero(chances)
            row[number[name], length] = sum(len(member[1]) for member in blocks)
            choices[number[name], length] = len(rule)
            if len(rule):
                keep, other = alias(chances[rule, first])
                parts = np.array([[number[left], number[right]] for _, left, right in productions])[rule]
                blocks.append((parts, first, keep, other + row[number[name], length]))
    parts, first, keep, other = (np.concatenate(member) for member in zip(*blocks, strict=True))
    return Tables(row, choices, parts, first, keep.astype(np.float32), other)


def in_pairs(grammar: Grammar) -> dict[str, list[tuple[float, str, str]]]:
    """Return the rules in binary form: what follows the first symbol of a rule becomes a symbol of its own."""
    rules: dict[str, list[tuple[float, str, str]]] = {name: [] for name, _ in grammar}

    def split(expansion: str) -> tuple[str, str]:
        left, _, right = expansion.partition(" ")
        if " " in right and right not in rules:
            rules[right] = [(1.0, *split(right))]
        return left, right

    for name, productions in grammar:
        rules[name] = [(chance, *split(expansion)) for chance, expansion in productions]
    return rules


def inside(
    rules: dict[str, list[tuple[float, str, str]]], number: dict[str, int], longest: int
) -> Float[np.ndarray, "symbols lengths"]:
    """Return the probability that each symbol derives exactly each number of words."""
    weights = np.zeros((len(number), longest + 1))
    weights[len(rules) :, 1:2] = 1
    weights[number[""]] = np.arange(longest + 1) == 0
    for length in range(longest + 1):
        # If one part can be empty, the other, which may be the same symbol, derives all words: solved by iteration.
        before = np.full(len(number), -1.0)
        while (before != weights[:, length]).any():
            before = weights[:, length].copy()
            for name, productions in rules.items():
                weights[number[name], length] = sum(
                    chance * weights[number[left], : length + 1] @ weights[number[right], length::-1][: length + 1]
                    for chance, left, right in productions
                )
    return weights


def alias(chances: Float[np.ndarray, " choices"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the alias table of a distribution: the probability to keep each uniformly drawn choice, and its alias."""
    scaled = chances / chances.sum() * len(chances)
    other = np.arange(len(chances))
    small, large = [list(np.flatnonzero(condition)) for condition in (scaled < 1, scaled >= 1)]
    keep = scaled.copy()
    while small and large:
        under, over = small.pop(), large[-1]
        other[under] = over
        keep[over] -= 1 - keep[under]
        if keep[over] < 1:
            small.append(large.pop())
    keep[small + large] = 1
    return keep, other
