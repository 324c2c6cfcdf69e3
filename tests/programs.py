"""Small programs, built by hand: one for each layout and each kind of memory."""

from dataclasses import replace
from itertools import product

from neuralstack import StackTransducer
from neuralstack.automata import Choice, Layout, always

MARKS = {"autoregressive": ("<start>", "<separator>", "<end>"), "query": ("<blank>",), "synchronous": ()}
NOTHING = None


def build(symbols, memories, kinds, states, rule, answer, layout):
    """Return a program from functions: a rule of state and token by their names, and an answer of reads."""
    vocabulary = (*symbols, *MARKS[layout.form])

    def numbers(done):
        if done is None:
            return None
        if isinstance(done, dict):  # by what is on top of the first memory
            cases = {(of_first(top),): numbers(action).cases[()] for top, action in done.items()}
            return Choice((0,), cases)
        new, *does = done
        pops = tuple(pop for pop, _ in does)
        pushes = tuple(
            None if value is NOTHING else of.index(value) for (_, value), of in zip(does, kinds, strict=True)
        )
        return always((states.index(new), pops, pushes))

    def of_first(top):
        return None if top is NOTHING else kinds[0].index(top)

    rules = tuple(tuple(numbers(rule(state, token)) for token in vocabulary) for state in states)
    reads = product(*([NOTHING, *range(len(of))] for of in kinds))
    answers = {
        read: vocabulary.index(answer(*(None if one is None else of[one] for one, of in zip(read, kinds, strict=True))))
        for read in reads
    }
    return StackTransducer(
        vocabulary, memories, states, kinds, rules, (Choice((*range(len(kinds)),), answers),) * len(states), layout
    )


def reversal(symbols, memory="stack"):
    """Push each symbol, then pop: the reversed source, or with a queue, the source."""
    layout = Layout("autoregressive", len(symbols))

    def rule(state, token):
        if state == "read" and token == "<separator>":
            return "turn", (False, NOTHING)
        if token == "<start>":
            return ("read", (False, NOTHING)) if state == "read" else None
        if token in MARKS["autoregressive"]:
            return None
        return ("read", (False, token)) if state == "read" else ("pop", (True, NOTHING))

    return build(
        symbols, (memory,), (tuple(symbols),), ("read", "turn", "pop"), rule, lambda top: top or "<end>", layout
    )


def mirror():
    """Say of each place whether it holds the same symbol as the place mirrored."""

    def rule(state, token):
        if token == "<blank>":
            return "compare", *[(state == "compare", NOTHING)] * 2
        return ("read", (False, token), (False, token)) if state == "read" else None

    return build(
        "abc", ("stack", "queue"), (("a", "b", "c"),) * 2, ("read", "compare"), rule,
        lambda top, front: "a" if top == front else "b", Layout("query", 3),
    )  # fmt: skip


def halves():
    """Answer every other symbol, from the first."""

    def rule(state, token):
        if token == "<blank>":
            return "answer", (state == "answer", NOTHING)
        if state == "answer":
            return None
        return ("skip", (False, token)) if state == "take" else ("take", (False, NOTHING))

    return build(
        "01", ("queue",), (("0", "1"),), ("take", "skip", "answer"), rule, lambda front: front or "<blank>",
        Layout("query", 2, (0, 1), 1),
    )  # fmt: skip


def brackets():
    """Answer at each symbol which bracket may close: of the innermost one, or a dot."""

    def rule(state, token):
        return "only", (token in ")]", {"(": "round", "[": "square"}.get(token, NOTHING))

    def answer(top):
        return {None: ".", "round": ")", "square": "]"}[top]

    return build("()[].", ("stack",), (("round", "square"),), ("only",), rule, answer, Layout("synchronous", 5))


def parity():
    """Say after the source whether it has an odd number of ones, as an automaton does."""
    even, odd = always((0, (), ())), always((1, (), ()))
    return StackTransducer(
        ("0", "1", "<blank>"), (), ("even", "odd"), (), ((even, odd, even), (odd, even, odd)),
        (Choice((), {(): 0}), Choice((), {(): 1})), Layout("query", 2, (1,), 0),
    )  # fmt: skip


def balanced():
    """Say at each symbol whether all brackets so far are closed, each while it was the innermost."""
    keep, fail = (False, NOTHING), ("failed", (False, NOTHING))

    def rule(state, token):
        if state == "failed":
            return fail
        closed = {"round": ("fine", (True, NOTHING)), "square": fail, NOTHING: fail}
        return {
            "(": ("fine", (False, "round")), "[": ("fine", (False, "square")),
            ")": closed, "]": {**closed, "round": fail, "square": closed["round"]},
        }.get(token, ("fine", keep))  # fmt: skip

    program = build(
        "()[]01", ("stack",), (("round", "square"),), ("fine", "failed"), rule,
        lambda top: "0" if top else "1", Layout("synchronous", 6),
    )  # fmt: skip
    return replace(program, answers=(program.answers[0], always(4)))


def deal():
    """Deal the source to two queues in turn, then answer them one after the other."""

    keep, pop = (False, NOTHING), (True, NOTHING)
    one, other = ("answer", pop, keep), ("answer", keep, pop)

    def rule(state, token):
        if token == "<blank>":
            return {NOTHING: other, "a": one, "b": one} if state == "answer" else ("answer", keep, keep)
        put = (False, token)
        return {"first": ("second", put, keep), "second": ("first", keep, put)}.get(state)

    return build(
        "ab", ("queue", "queue"), (("a", "b"),) * 2, ("first", "second", "answer"), rule,
        lambda first, second: first or second or "<blank>", Layout("query", 2),
    )  # fmt: skip


PROGRAMS = {
    "reversal": reversal("ab"),
    "copy": reversal("abcdefgh", "queue"),
    "words": reversal(("the", "a", "me3"), "queue"),
    "mirror": mirror(),
    "halves": halves(),
    "brackets": brackets(),
    "parity": parity(),
    "balanced": balanced(),
    "deal": deal(),
}


def text_of(program, tokens):
    """The text of tokens, as a task has it."""
    symbols = program.vocabulary[: program.layout.symbols]
    return ("" if all(len(word) == 1 for word in symbols) else " ").join(program.vocabulary[token] for token in tokens)
