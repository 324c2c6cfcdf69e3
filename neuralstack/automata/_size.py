"""The number of bits that it takes to write a program down."""

import math
from typing import TYPE_CHECKING

from neuralstack.automata._minimal import minimal

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer


def program_bits(program: "StackTransducer") -> int:
    r"""Return the number of bits that it takes to write a program down in its smallest form.

    With $S$ states, $T$ tokens and $K_m$ kinds of values in memory $m$, there are
    $(1 + S \prod_m 2 (K_m + 1))^{S T}$ tables of rules, since each rule is missing or has a next state and, for each
    memory, a pop or none and a push or none; and $T^{\prod_m (K_m + 1)}$ tables of answers. One of so many is written
    with as many bits as the logarithm to the base 2, rounded up. Before it stand $S$, $T$, 1 + the number of memories
    and each $K_m + 1$, in Elias' gamma code of $2 \lfloor \log_2 n \rfloor + 1$ bits, and one bit for the kind of each
    memory. The texts of the tokens belong to the task.

    Raises:
        ValueError: If the program is not complete.
    """
    program = minimal(program)
    states, tokens, values = len(program.states), len(program.vocabulary), [len(kinds) + 1 for kinds in program.kinds]
    rule = 1 + states * math.prod(2 * count for count in values)
    tables = rule ** (states * tokens) * tokens ** math.prod(values)
    sizes = sum(2 * number.bit_length() - 1 for number in (states, tokens, len(values) + 1, *values))
    return (tables - 1).bit_length() + sizes + len(values)
