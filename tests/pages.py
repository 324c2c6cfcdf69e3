"""Common parts of the tests of the page of traces: simulated memories, and helpers that read a page."""

import time

HOST = "http://neuralstack.test/"


class Simulated:
    """A stack or queue of symbols with strengths, written as plainly as possible."""

    def __init__(self, kind):
        self.kind = kind
        self.elements, self.strengths, self.states = [], [], []

    def ordered(self):
        """The indices of the elements, from the end that is read and popped."""
        indices = range(len(self.elements))
        return indices if self.kind == "queue" else indices[::-1]

    def taken(self, amount, strengths):
        """Return the share of each element that lies within this amount of the end that is read and popped."""
        found = {}
        for index in self.ordered():
            found[index] = min(amount, strengths[index])
            amount -= found[index]
        return found

    def step(self, step, symbol, push, pop):
        for index, gone in self.taken(pop, self.strengths).items():
            self.strengths[index] = round(self.strengths[index] - gone, 4)
        if push > 0:
            self.elements.append({"symbol": symbol, "step": step})
            self.strengths.append(push)
        weights = self.taken(1.0, self.strengths)
        self.states.append({index: (self.strengths[index], round(weights[index], 4)) for index in weights})

    def changed(self, step):
        before = self.states[step - 1] if step else {}
        now = self.states[step]
        return [[index, *now[index]] for index in now if now[index] != before.get(index, (0, 0))]

    def shown(self, step):
        """The symbols and strengths that should be visible, topmost first."""
        alive = [(self.elements[index]["symbol"], held) for index, (held, _) in self.states[step].items() if held > 0]
        return alive[::-1] if self.kind == "queue" else alive

    def top(self, step):
        alive = [self.elements[index]["symbol"] for index, (held, _) in self.states[step].items() if held > 0]
        return alive[0] if alive else ""


def traced(text, *, kinds=("stack",), name="hardened", push=1.0, pop=1.0, wrong=(), symbols=None):
    """Return the trace of a machine that pushes what it reads, then pops and answers; and its memories."""
    symbols = list(text.replace(" ", "␣")) if symbols is None else symbols
    memories = [Simulated(kind) for kind in kinds]
    right = symbols[::-1] if kinds[0] == "stack" else symbols
    given = ["⊢", *symbols, "|", *right]
    wanted = [None] * (len(symbols) + 1) + [*right, "⊣"]
    steps = []
    for step, symbol in enumerate(given):
        reading, answering = 0 < step <= len(symbols), step > len(symbols) + 1
        strengths = (push if reading else 0.0), (pop if answering else 0.0)
        for memory in memories:
            memory.step(step, symbol, *strengths)
        answered = wanted[step] or "␣"
        actions = [{"end": "top", "push": strengths[0], "pop": strengths[1]}]
        steps.append(
            {
                "given": symbol,
                "answered": "?" if step in wrong else answered,
                "wanted": wanted[step],
                "probability": 0.998,
                "state": "read" if step <= len(symbols) else "answer",
                "memories": [{"actions": actions, "changed": memory.changed(step)} for memory in memories],
            }
        )
    first = len(symbols) + 1
    trace = {
        "format": "neuralstack-trace-1",
        "name": name,
        "machine": "gru + " + " + ".join(kinds),
        "task": "reversal",
        "text": text,
        "answer": "".join(step["answered"] for step in steps[first:-1]),
        "right_answer": "".join(right),
        "first_answer": first,
        "memories": [{"kind": memory.kind, "elements": memory.elements} for memory in memories],
        "steps": steps,
    }
    return trace, memories


STRING, (STRING_STACK,) = traced("A string")


def unpacked(trace):
    """The trace that a page holds packed, its steps as lists."""
    ends, others = trace["ends"], {name: value for name, value in trace.items() if name != "ends"}

    def memory_of(which, actions, changed):
        named = zip(ends[which], actions, strict=True)
        return {"actions": [{"end": end, "push": push, "pop": pop} for end, (push, pop) in named], "changed": changed}

    def step_of(*values, memories):
        fields = dict(zip(("given", "answered", "wanted", "probability", "state"), values, strict=True))
        return fields | {"memories": [memory_of(which, *memory) for which, memory in enumerate(memories)]}

    return others | {"steps": [step_of(*step[:-1], memories=step[-1]) for step in trace["steps"]]}


def go(tab, step):
    tab.locator("#step").fill(str(step))


def step_of(tab):
    return int(tab.locator("#step").input_value())


def top_of(tab, which=0):
    return tab.locator("[data-memory]").nth(which).get_attribute("data-top")


def shown_in(tab, which=0):
    read = "(all) => all.map((one) => [one.dataset.symbol, Number(one.dataset.strength)])"
    found = tab.locator("[data-memory]").nth(which).locator("[data-element]").evaluate_all(read)
    return [tuple(one) for one in found]


def sentence(tab):
    return tab.locator("#sentence").text_content()


LEFT, RIGHT, ABOVE, ROWS = 56, 14, 54, 176  # how the overview of one stack of 8 elements is laid out


def cell_of(box):
    return (box["width"] - LEFT - RIGHT) / len(STRING["steps"])


def wait_until(holds):
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
