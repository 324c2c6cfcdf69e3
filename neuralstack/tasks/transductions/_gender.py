"""Gender: translate articles that depend on the following noun."""

import re
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from neuralstack.tasks._formats import Pair
from neuralstack.tasks._grammar import draw_word, terminals
from neuralstack.tasks.transductions._base import AbstractTransduction

COUNT = 25  # words of each kind
GRAMMAR = (
    ("sentence", ((1.0, "B V"),)),
    ("B", ((1 / 4, "B or B"), (1 / 4, "B and B"), (1 / 2, "S"))),
    ("V", ((3 / 4, "verb B"), (1 / 4, "verb"))),
    ("S", tuple((1 / 6, f"{article} {noun}") for article in ("the", "a") for noun in ("male", "female", "neuter"))),
)
"""Fitted to the text of Grefenstette et al. (2015), whose printed rules mostly never terminate."""

GENDERS = {"male": ("m", "der", "ein"), "female": ("f", "die", "eine"), "neuter": ("n", "das", "ein")}
SMALL = ("the", "a", "or", "and")
LETTERS = {"verb": "w", **{gender: letters[0] for gender, letters in GENDERS.items()}}
SOURCE = (*SMALL, *(f"{letter}e{number}" for letter in LETTERS.values() for number in range(1, COUNT + 1)))
TARGET = ("der", "die", "das", "ein", "eine", "oder", "und",
          *(f"{letter}g{number}" for letter in LETTERS.values() for number in range(1, COUNT + 1)))  # fmt: skip
VOCABULARY = (*SOURCE, *TARGET)
FIRST = {name: number for number, name in enumerate(SMALL)} | {
    kind: len(SMALL) + COUNT * number for number, kind in enumerate(LETTERS)
}
CONTENT = len(VOCABULARY) - COUNT * len(LETTERS)  # where the verbs and nouns of the target begin


@dataclass(frozen=True)
class Gender(AbstractTransduction):
    """Translate English to German, whose articles depend on the noun (Grefenstette et al., 2015).

    A sentence is a noun phrase, a verb, and mostly another noun phrase; noun phrases are joined by `and` and `or`.
    There are 25 verbs `we1`, `we2`, ..., and 25 nouns of each gender: `me1`, `fe1`, `ne1`, ...; they become `wg1`, and
    so on. `the` becomes `der`, `die` or `das`, and `a` becomes `ein` or `eine`, depending on the gender of the
    following noun.

    Sentences are drawn from the grammar, given their exact length; lengths are uniform, unlike the published ones, as
    in `svo-sov`. No sentence has a length of 3 n + 1, or below 3: such a length is raised to the next one that exists.
    A typed sentence may lack the noun phrase before its verb, as the published example does.

    Examples:
        >>> task = Gender()
        >>> task.decode(task.answer(task.encode("the ne19 and the me17 we11")))
        'das ng19 und der mg17 wg11'
        >>> task.decode(task.answer(task.encode("we11 the ne19 and the me17")))
        'wg11 das ng19 und der mg17'
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
        source = jnp.where(first < len(SMALL), first, first + which)
        following = jnp.concatenate([source[1:], source[:1]])
        return Pair(source, length, translated(source, following), length)

    def answer(self, source):
        target = []
        for word, following in zip(source, [*source, None][1:], strict=True):
            if word >= len(SOURCE):
                raise ValueError(f"a source has English words only, got {VOCABULARY[word]}.")
            name = SOURCE[word]
            if name in ("the", "a"):
                noun = SOURCE[following] if following is not None and following < len(SOURCE) else ""
                forms = {letter: forms for letter, *forms in GENDERS.values()}.get(noun[:1])
                if forms is None or noun in SMALL:
                    raise ValueError(f"an article needs a noun after it, got {name!r} before {noun!r}.")
                target.append(VOCABULARY.index(forms[name == "a"]))
            else:
                other = {"or": "oder", "and": "und"}.get(name) or name.replace("e", "g")
                target.append(VOCABULARY.index(other))
        shape = "".join("aajj"[word] if word < len(SMALL) else "vn"[word >= FIRST["male"]] for word in source)
        if not re.fullmatch("(an(jan)*)?v(an(jan)*)?", shape):
            raise ValueError(
                "a sentence is a noun phrase, a verb, and perhaps another noun phrase, each of nouns with articles and "
                f"joined by 'and' or 'or', got {self.decode(source)!r}."
            )
        return target

    def answer_length(self, source_length):
        return source_length

    def source_length(self, length: Any) -> Any:
        # B has 2, 5, 8, ... words; a sentence has one word more than B, or than two of them.
        longer = jnp.maximum(length, 3) if isinstance(length, jax.Array) else max(length, 3)
        return longer + (longer % 3 == 1)


def translated(source: jax.Array, following: jax.Array) -> jax.Array:
    """Return the translation of each word, given the following one."""
    gender = jnp.clip((following - FIRST["male"]) // COUNT, 0, 2)
    articles = len(SOURCE) + jnp.array([[0, 1, 2], [3, 4, 3]])
    joints = len(SOURCE) + 5 + source - SMALL.index("or")
    article = articles[jnp.clip(source, 0, 1), gender]
    content = CONTENT + source - len(SMALL)
    return jnp.select([source < 2, source < len(SMALL)], [article, joints], content)
