"""The number of bits that it takes to write a program down."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from neuralstack.automata._choice import Choice
from neuralstack.automata._minimal import minimal

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer


def program_bits(program: "StackTransducer") -> int:
    r"""Return the number of bits that it takes to write a program down in its smallest form.

    With $S$ states, $T$ tokens and $K_m$ kinds of values in memory $m$, a rule is missing or has a next state and, for
    each memory, a pop or none and a push or none: one of $R = 1 + S \prod_m 2 (K_m + 1)$. An answer is missing or a
    token: one of $T + 1$. For each state and token there is a rule for each combination of what the memories show on
    which it depends, $\prod_m (K_m + 1)$ over these; for each state, as many answers as depend on it, or the same for
    all states. All these together are written with the logarithm to the base 2 of the number of possibilities, rounded
    up. Before it, one bit for each memory says whether any rule depends on it, another whether any answer does, and one
    whether the answers depend on the state; for each state and token, one bit for each memory that rules depend on
    says whether this one does, and likewise for answers. Then there are $S$, $T$, 1 + the number of memories and each
    $K_m + 1$, in Elias' gamma code of $2 \lfloor \log_2 n \rfloor + 1$ bits, and one bit for the kind of each memory.
    The texts of the tokens belong to the task.

    Raises:
        ValueError: If the program is not complete.
    """
    program = minimal(program)
    states, tokens, values = len(program.states), len(program.vocabulary), [len(kinds) + 1 for kinds in program.kinds]
    shared = all(choice == program.answers[0] for choice in program.answers)
    answers = program.answers[:1] if shared else program.answers
    rule_masks, rules = counted([choice for row in program.rules for choice in row], values)
    answer_masks, answered = counted(answers, values)
    rule = 1 + states * math.prod(2 * count for count in values)
    tables = rule**rules * (tokens + 1) ** answered
    sizes = sum(2 * number.bit_length() - 1 for number in (states, tokens, len(values) + 1, *values))
    return (tables - 1).bit_length() + sizes + len(values) + rule_masks + answer_masks + 1


def counted(choices: Sequence[Choice | None], values: Sequence[int]) -> tuple[int, int]:
    """Return the bits that say on which memories choices depend, and the number of their outcomes."""
    seen = {memory for choice in choices if choice is not None for memory in choice.sees}
    return len(values) + len(seen) * len(choices), sum(cases(choice, values) for choice in choices)


def cases(choice: Choice | None, values: Sequence[int]) -> int:
    """Return the number of combinations of reads that a choice tells apart."""
    sees: Iterable[int] = () if choice is None else choice.sees
    return math.prod(values[memory] for memory in sees)
