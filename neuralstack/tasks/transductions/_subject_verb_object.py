"""Subject-verb-object to subject-object-verb: translate word by word, and move the main verb to the end."""

import re
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from neuralstack.tasks._formats import Pair
from neuralstack.tasks._grammar import draw_word, terminals
from neuralstack.tasks.transductions._base import AbstractTransduction

COUNT = 33  # words of each kind
GRAMMAR = (
    ("sentence", ((1.0, "S verb O"),)),
    ("S", ((1 / 5, "S S"), (1 / 5, "S relative S verb"), (3 / 5, "subject"))),
    ("O", ((1 / 5, "O O"), (1 / 5, "S relative S verb"), (3 / 5, "object"))),
)
"""The grammar of the source (Grefenstette et al., 2015, appendix C); in the target, the main verb follows the
object."""

KINDS = {"subject": "s", "object": "o", "verb": "v"}
SIDE = [f"{letter}i{number}" for letter in KINDS.values() for number in range(1, COUNT + 1)] + ["rpi"]
VOCABULARY = (*SIDE, *(word.replace("i", "o", 1) for word in SIDE))
RELATIVE = 3 * COUNT
SIZE = len(SIDE)  # words of one side; the target's follow the source's in the same order
FIRST = {"subject": 0, "object": COUNT, "verb": 2 * COUNT, "relative": RELATIVE}


@dataclass(frozen=True)
class SubjectVerbObject(AbstractTransduction):
    """Translate, and move the main verb to the end (SVO to SOV; Grefenstette et al., 2015).

    A sentence is a subject, a verb and an object, each of which may hold relative clauses. There are 33 subjects `si1`,
    `si2`, ..., objects `oi1`, ... and verbs `vi1`, ..., and the relative pronoun `rpi`; they become `so1`, and so on.

    Sentences are drawn from the grammar, given their exact length, which is at least 3. Lengths are uniform in training
    and in fixed sets. The published sets were drawn by rejecting derivations of unwanted lengths: there, short
    sentences are frequent; here, long ones are as frequent as short ones.

    Examples:
        >>> task = SubjectVerbObject()
        >>> task.decode(task.answer(task.encode("si1 vi28 oi5 oi7 si15 rpi si19 vi16 oi10 oi24")))
        'so1 oo5 oo7 so15 rpo so19 vo16 oo10 oo24 vo28'
    """

    @property
    def vocabulary(self):
        return VOCABULARY

    def draw(self, key, length):
        kind_key, word_key = jax.random.split(key)
        size, length = self.source_length(self.max_length), self.source_length(length)
        kinds = draw_word(kind_key, GRAMMAR, length, size)
        first = jnp.array([FIRST[kind] for kind in terminals(GRAMMAR)])[kinds]
        which = jax.random.randint(word_key, (size,), 0, COUNT)
        source = jnp.where(first == RELATIVE, RELATIVE, first + which)
        index = jnp.arange(size)
        is_verb, is_relative = ((first == FIRST[kind]) & (index < length) for kind in ("verb", "relative"))
        # Each relative pronoun has its own verb; the first verb left over is the main one.
        main = jnp.argmax(is_verb & (jnp.cumsum(is_relative) == jnp.cumsum(is_verb) - 1))
        order = jnp.where(index == length - 1, main, index + (index >= main))
        return Pair(source, length, SIZE + source[jnp.clip(order, 0, size - 1)], length)

    def answer(self, source):
        for word in source:
            if word >= SIZE:
                raise ValueError(f"a source has words of the source's language only, got {VOCABULARY[word]}.")
        shape = "".join("sovr"[word // COUNT] for word in source)
        verbs = [index for index, kind in enumerate(shape) if kind == "v"]
        main = next((index for index in verbs if shape[:index].count("r") == shape[:index].count("v")), None)
        if main is None:
            raise ValueError(f"a sentence needs a main verb, got {self.decode(source)!r}.")
        if not is_sentence(shape):
            raise ValueError(
                "a sentence is a subject, a verb and an object, with a verb for each relative pronoun, "
                f"got {self.decode(source)!r}."
            )
        return [SIZE + word for word in (*source[:main], *source[main + 1 :], source[main])]

    def answer_length(self, source_length):
        return source_length

    def source_length(self, length: Any) -> Any:
        return jnp.maximum(length, 3) if isinstance(length, jax.Array) else max(length, 3)


def is_sentence(shape: str) -> bool:
    """Return whether kinds of words (s, o, v, and r for the relative pronoun) form a sentence.

    A phrase with a relative clause, p, may be a subject or an object; the innermost clauses are reduced first.
    """
    while (shorter := re.sub("[sp]+r[sp]+v", "p", shape)) != shape:
        shape = shorter
    return re.fullmatch("[sp]+v(o|s*p)+", shape) is not None
