"""The playground's document, and its interpreter, which answers under Node as the programs do in Python."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from random import Random

import pytest

import neuralstack as ns
from neuralstack.reporting import playground
from programs import PROGRAMS, reversal

HOSTILE = "</script><b id='broken'>&amp;"
INTERPRETER = (files("neuralstack.reporting") / "page" / "program.js").read_text(encoding="utf-8")
DRIVER = """
const { content, cases } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const program = loaded(content);
const found = cases.map(({ source, edits }) => {
  const run = makeRun(program, source, edits);
  while (!run.advance(3));
  const shown = run.held.map((memories) => memories.map((one) => one.list(0, one.size).map(({ kind }) => kind)));
  return { answer: run.answerUpTo(run.answers.length - 1), problem: run.problem, shown, states: run.states };
});
console.log(JSON.stringify(found));
"""


def embedded(html):
    (data,) = re.findall(r'<script type="application/json" id="programs">(.*?)</script>', html)
    return json.loads(data)


def test_the_playground_is_one_document_that_names_nothing_outside_of_it():
    html = playground(PROGRAMS).replace("http://www.w3.org/2000/svg", "")  # the name of a language, not an address
    assert not re.search(r"""https?:|@import|url\(|<link(?! rel="icon" href="data:,")|src=""", html)
    assert "connect-src 'none'" in html
    assert "{{" not in html


def test_the_playground_holds_the_programs_in_their_smallest_form():
    held = embedded(playground(PROGRAMS))
    assert [one["name"] for one in held] == [*PROGRAMS]
    for one, program in zip(held, PROGRAMS.values(), strict=True):
        assert one["content"] == json.loads(ns.export(program, "json"))
        assert [tuple(row["cells"]) for row in one["rows"]] == program.minimal().table()
        assert program.answer(one["example"]) != []


def test_names_that_look_like_html_stay_data():
    symbols = (HOSTILE, "{{script}}", "\u2028", "\ud800")
    html = playground({HOSTILE: reversal(symbols)})
    (held,) = embedded(html)
    assert (held["name"], tuple(held["content"]["vocabulary"][:4])) == (HOSTILE, symbols)
    assert HOSTILE not in html
    assert html.count("</script>") == 2


@pytest.mark.parametrize(
    ("programs", "reason"),
    [
        ({}, "at least one program"),
        ({"a": replace(PROGRAMS["halves"], layout=None)}, "'a' does not know how source and answer lie"),
        ({"a": replace(PROGRAMS["halves"], answers=())}, "needs answers"),
    ],
)
def test_what_cannot_be_played_with_is_refused(programs, reason):
    with pytest.raises(ValueError, match=reason):
        playground(programs)


def run_in_node(program, cases, tmp_path):
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    file = tmp_path / "interpreter.cjs"
    file.write_text(INTERPRETER + DRIVER, encoding="utf-8")
    given = json.dumps({"content": json.loads(ns.export(program, "json")), "cases": cases})
    done = subprocess.run(["node", str(file)], input=given, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def answer_of(program, source):
    try:
        return program.answer(source), True
    except ValueError:
        return None, False


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_interpreter_answers_as_the_program_does(name, tmp_path):
    rng, program = Random(0), PROGRAMS[name].minimal()
    symbols = range(program.layout.symbols)
    sources = [rng.choices(symbols, k=rng.randint(1, 12)) for _ in range(300)] + [rng.choices(symbols, k=1500)]
    found = run_in_node(program, [{"source": source} for source in sources], tmp_path)
    for source, one in zip(sources, found, strict=True):
        answer, answered = answer_of(program, source)
        assert (one["problem"] is None) == answered, source
        assert not answered or one["answer"] == answer, source


ENDLESS = replace(reversal("ab"), answers=(ns.automata.always(0),) * 3)
SILENT = replace(reversal("ab"), answers=(ns.automata.Choice((0,), {(0,): 0, (1,): 1}),) * 3)
WITHOUT_RULES = replace(reversal("ab"), rules=(reversal("ab").rules[0], *[(None,) * 5] * 2))


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (ENDLESS, "did not end its answer within 12"),
        (SILENT, "no answer here"),
        (WITHOUT_RULES, "There is no rule for"),
    ],
)
def test_a_run_that_has_no_answer_says_why(program, reason, tmp_path):
    (found,) = run_in_node(program, [{"source": [0, 1]}], tmp_path)
    assert reason in found["problem"]


def plainly(program, source, edits):
    """The contents of all memories after each step from lists, each edited by a splice, and the answers."""
    layout, held = program.layout, [[] for _ in program.memories]  # the first of a list is what is read
    state, answered, contents = 0, [], []

    def shown():
        return [of[0] if of else None for of in held]

    def edit(step):
        for one in edits:
            at, of = one["place"], held[one["memory"]]
            if one["step"] == step and at + one["removes"] <= len(of):
                of[at : at + one["removes"]] = [] if one["puts"] is None else [one["puts"]]
        contents.append([[*of] for of in held])

    edit(0)
    given, first = layout.prompt(source), layout.first_answer(len(source))
    while given:
        action = program.rules[state][given.pop(0)].of(shown())
        state, pops, pushes = action
        for of, kind, pop, push in zip(held, program.memories, pops, pushes, strict=True):
            del of[: int(pop)]
            if push is not None:
                of.insert(0 if kind == "stack" else len(of), push)
        edit(len(contents))
        answered.append(program.answers[state].of(shown()))
        if not given and layout.end is not None and answered[-1] != layout.end:
            given.append(answered[-1])
    return contents, [token for token in answered[first:] if token not in (layout.end, None)]


@pytest.mark.parametrize("name", ["reversal", "copy", "mirror", "balanced"])
def test_an_edited_run_goes_on_from_what_the_edits_leave(name, tmp_path):
    rng, program, cases = Random(0), PROGRAMS[name].minimal(), []
    for _ in range(200):
        source = rng.choices(range(program.layout.symbols), k=rng.randint(2, 9))
        edits = []
        for _ in range(rng.randint(1, 3)):
            memory = rng.randrange(len(program.memories))
            puts = rng.choice([None, *range(len(program.kinds[memory]))])
            removes = True if puts is None else rng.random() < 0.5
            step = rng.randint(0, len(source) + 1)
            edits.append({"step": step, "memory": memory, "place": rng.randint(0, 4), "removes": removes, "puts": puts})
        cases.append({"source": source, "edits": edits})
    found = run_in_node(program, cases, tmp_path)
    assert len({json.dumps(one["shown"]) for one in found}) > 100
    for case, one in zip(cases, found, strict=True):
        assert one["problem"] is None
        assert (one["shown"], one["answer"]) == plainly(program, case["source"], case["edits"]), case
