"""Programs by hand that answer tasks, each in another way than the specification of its task."""

import neuralstack as ns
from neuralstack.automata import StackTransducer
from neuralstack.tasks import Reversal
from neuralstack.tasks.transductions import Copy
from neuralstack.verification import specification, write_program
from programs import parity, reversal


def words(task):
    return [task.decode([token]) for token in range(task.vocab_size)]


def over_a_mark(task, memory):
    """Push each symbol, and <end> before them or, on a queue, after them: it is then answered as any other."""
    symbols, (start, separator, end) = task.symbols, range(task.symbols, task.symbols + 3)
    marked = start if memory == "stack" else separator

    def rule(state, token, top):
        if token in (start, separator):
            state = "turn" if token == separator else state
            return state, False, end if token == marked else None
        return ("read", False, token) if state == "read" else ("pop", True, None)

    return write_program(words(task), memory, (*range(symbols), end), "read", rule, lambda state, top: top)


def at_blanks(task):
    """Push each symbol, then pop at each blank but the first."""

    def rule(state, token, top):
        return ("read", False, token) if token < 2 else ("answer", state == "answer", None)

    return write_program(words(task), "stack", range(2), "read", rule, lambda state, top: top)


def around(task):
    """Go around a circle."""

    def rule(state, token, top):
        return ((state + (0, 1, -1)[token]) % 5 if token < 3 else state), False, None

    return write_program(words(task), None, (), 0, rule, lambda state, top: state)


def closing(task):
    """Push the bracket that is due, and pop at any closing one."""
    pairs = task.pairs
    due = range(pairs, 2 * pairs)

    def rule(state, token, top):
        return state, token >= pairs, pairs + token if token < pairs else None

    return write_program(words(task), "stack", due, "only", rule, lambda state, top: 2 * pairs if top is None else top)


def manipulation(task):
    """Push each bit that comes or is to be pushed, and pop at each pop and each blank but the first."""

    def rule(state, token, top):
        if token == 5:
            return "answer", state == "answer", None
        return None if state == "answer" else ("read", token == 2, {0: 0, 1: 1, 3: 0, 4: 1}.get(token))

    return write_program(words(task), "stack", range(2), "read", rule, lambda state, top: 2 if top is None else top)


def replacing(task):
    """Push each symbol, replace the last one by itself at the separator, then pop."""
    start, separator = task.symbols, task.symbols + 1

    def rule(state, token, top):
        if token == separator:
            return None if top is None else ("turn", True, top)
        if token >= start:
            return ("read", False, None) if token == start else None
        return ("read", False, token) if state == "read" else ("pop", True, None)

    def answer(state, top):
        return separator + 1 if top is None else top

    return write_program(words(task), "stack", range(task.symbols), "read", rule, answer)


def counting(task, rate=1):
    """Push each letter but the last, of which every so many pop."""
    last = task.symbols - 1

    def rule(state, token, top):
        if token > last:
            return None
        state = (state + 1) % rate if token == last else 0
        return state, token == last and state == 0, None if token == last else "letter"

    return write_program(words(task), "stack", ["letter"], 0, rule, lambda state, top: 0 if top is None else last)


def mirrored(task):
    """Push each symbol up to the mark, then pop."""
    mark = task.symbols - 1

    def rule(state, token, top):
        if state == "string":
            return {mark: ("mirror", False, None), mark + 1: None}.get(token, ("string", False, token))
        return ("mirror", True, None) if token < mark else None

    def answer(state, top):
        return mark if top is None else top

    return write_program(words(task), "stack", range(mark), "string", rule, answer)


BITS = ns.TASKS["reverse-string"]()
ANSWERING: dict[str, tuple[ns.AbstractTask, StackTransducer]] = {
    "reversal": (Reversal(alphabet="abc"), reversal("abc")),
    "reversal over a mark": (Reversal(alphabet="abc"), over_a_mark(Reversal(alphabet="abc"), "stack")),
    "reversal with a replacement": (Reversal(alphabet="abc"), replacing(Reversal(alphabet="abc"))),
    "copy": (Copy(alphabet="abc"), reversal("abc", "queue")),
    "copy before a mark": (Copy(alphabet="abc"), over_a_mark(Copy(alphabet="abc"), "queue")),
    "reverse string": (BITS, at_blanks(BITS)),
    "parity": (ns.TASKS["parity"](), parity()),
    "cycle navigation": (ns.TASKS["cycle-navigation"](), around(ns.TASKS["cycle-navigation"]())),
    "stack manipulation": (ns.TASKS["stack-manipulation"](), manipulation(ns.TASKS["stack-manipulation"]())),
    **{
        f"Dyck-{pairs}": (ns.TASKS[f"dyck-{pairs}"](), closing(ns.TASKS[f"dyck-{pairs}"]()))
        for pairs in (1, 2, 3, 6)
    },
    "counting": (ns.TASKS["anbmcnm"](), counting(ns.TASKS["anbmcnm"]())),
    "counting in pairs": (ns.TASKS["anb2n"](), counting(ns.TASKS["anb2n"](), rate=2)),
    "memorization": (ns.TASKS["memorization"](), mirrored(ns.TASKS["memorization"]())),
    "brackets": (
        ns.TASKS["modular-arithmetic-brackets"](), specification(ns.TASKS["modular-arithmetic-brackets"]()).minimal(),
    ),
}  # fmt: skip
"""A task and a program that answers it right, by name."""
