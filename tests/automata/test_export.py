"""Exported programs, compiled or run on their own, answer as the program does."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import product
from random import Random

import pytest

import neuralstack as ns
from cases import quick
from neuralstack.automata import Choice, always
from programs import PROGRAMS, reversal, text_of

COMPILED = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
LANGUAGES = {"python": None, "c": "gcc", "javascript": "node", "module": "node"}  # and what each needs
SUFFIXES = {"python": "py", "c": "c", "javascript": "js", "module": "mjs"}
RANDOM = 10_000  # sources

# Symbols that would end a text, a comment or a line in one of the languages, if they were not escaped.
HOSTILE = [
    "\"'\\`*/#?$<>{}%&\n\r\t\0\x1a\x7f\x85\xa0é\u2028\u2029\u202e\ufeff漢🙂0",
    ['"', "'", "\\", "*/", "/*", "//", "??/", "???", '"""', "'''", "${x}", "</script>", "<!--", "{{tokens}}", "{0}"],
    ["\\n", "a\\", "%s%n", "\\u000a", "#\\", "–", "|", "-->", "\x1b[31m", "<End>", "<x\ny>", "é🙂", "1", "\\\\0"],
]  # fmt: skip


def built(program, to, directory):
    """The command that runs an exported program, or a skipped test if what it needs is not installed."""
    needed = LANGUAGES[to]
    if needed and shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    file = directory / f"program.{SUFFIXES[to]}"
    file.write_text(ns.export(program, to), encoding="utf-8")
    if to != "c":
        return [sys.executable, "-I", "-W", "error", str(file)] if to == "python" else ["node", str(file)]
    subprocess.run(["gcc", *COMPILED, str(file), "-o", str(directory / "program")], check=True, cwd=directory)
    return [str(directory / "program")]


def all_answers(command, sources):
    """The answers of an exported program to a line for each source."""
    lines = "".join(source + "\n" for source in sources).encode()
    done = subprocess.run(command, input=lines, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().split("\n")[:-1]


def answer_to(program, source):
    try:
        return program.answer(source)
    except ValueError:
        return None


def sources_of(program):
    """All short sources that the program answers and that can be typed as a line, and random ones, with the answers."""
    rng, symbols = (
        Random(0),
        [number for number in range(program.layout.symbols) if not set(program.vocabulary[number]) & {"\n", " "}],
    )
    longest = 6 if len(symbols) < 4 else 3 if len(symbols) < 9 else 2
    short = [source for length in range(1, longest + 1) for source in product(symbols, repeat=length)]
    drawn = [rng.choices(symbols, k=rng.randint(1, 8)) for _ in range(RANDOM)] + [rng.choices(symbols, k=2000)]
    answered = [(source, answer) for source in (*short, *drawn) if (answer := answer_to(program, source)) is not None]
    assert len(answered) > 0.9 * RANDOM
    return [text_of(program, source) for source, _ in answered], [text_of(program, answer) for _, answer in answered]


@pytest.fixture(scope="module")
def expected():
    """The sources and the answers of a program, found once."""
    found = {}

    def expected(name):
        if name not in found:
            found[name] = sources_of(PROGRAMS[name].minimal())
        return found[name]

    return expected


CASES = {f"{name} in {to}": (name, to) for name, to in product(PROGRAMS, LANGUAGES)}


EVERY_DAY = [f"{name} in {to}" for name in ("mirror", "deal") for to in LANGUAGES]
EVERY_DAY += ["reversal in c", "reversal in module", "parity in c", "balanced in python"]


@pytest.mark.parametrize("case", quick(CASES, *EVERY_DAY))
def test_an_exported_program_answers_as_the_program_does(case, expected, tmp_path):
    name, to = CASES[case]
    sources, answers = expected(name)
    assert all_answers(built(PROGRAMS[name], to, tmp_path), sources) == answers


@pytest.mark.parametrize("to", LANGUAGES)
@pytest.mark.parametrize("symbols", [tuple(words) for words in HOSTILE], ids=["characters", "words", "more words"])
def test_no_symbol_breaks_out_of_a_text_or_a_comment(symbols, to, tmp_path):
    program = reversal(symbols, "queue")
    typed = [number for number, word in enumerate(symbols) if not set(word) & set(" \n")]
    sources = [[number] for number in typed] + [Random(0).choices(typed, k=9) for _ in range(20)]
    texts = [text_of(program, source) for source in sources]
    assert all_answers(built(program, to, tmp_path), texts) == texts


@pytest.mark.parametrize("symbols", [tuple(words) for words in HOSTILE], ids=["characters", "words", "more words"])
def test_no_symbol_breaks_the_graph_or_the_json(symbols, tmp_path):
    program, file = reversal(symbols, "queue").minimal(), tmp_path / "program.json"
    file.write_text(ns.export(program, "json"))
    assert ns.StackTransducer.load(file) == program
    assert len([line for line in ns.export(program, "dot").splitlines() if "->" in line]) == 4
    for to in ("javascript", "module"):
        assert "</" not in ns.export(program, to)
        assert "<!" not in ns.export(program, to)


@pytest.mark.parametrize("to", ["python", "c", "javascript", "module"])
def test_an_argument_is_answered_and_what_has_no_answer_is_refused_in_one_line(to, tmp_path):
    (tmp_path / "endless").mkdir()
    command = built(PROGRAMS["reversal"], to, tmp_path)
    endless = replace(reversal("ab"), answers=(always(0),) * 3)
    silent = replace(reversal("ab"), answers=(Choice((0,), {(0,): 0, (1,): 1}),) * 3)
    partial_rules = replace(reversal("ab"), rules=(reversal("ab").rules[0], *[(None,) * 5] * 2))
    for program, source, status, out, reason in (
        (None, ["abb"], 0, "bba\n", ""),
        (None, [""], 2, "", "the source is empty"),
        (None, ["abc"], 2, "", "symbol 3 of the source"),
        (None, ["ab\n"], 2, "", "symbol 3 of the source"),
        (None, ["a", "b"], 2, "", "give one source"),
        (endless, ["ab"], 2, None, "the answer did not end"),
        (partial_rules, ["ab"], 2, None, "no rule for"),
        (silent, ["ab"], 2, None, "the program has no answer here"),
    ):
        run = command if program is None else built(program, to, tmp_path / "endless")
        done = subprocess.run([*run, *source], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == status, (source, done.stderr)
        assert done.stderr.startswith(reason), (source, done.stderr)
        assert done.stderr.count("\n") == (status > 0), (source, done.stderr)
        assert out is None or done.stdout == out


def test_the_c_program_answers_before_its_source_ends(tmp_path):
    command = built(PROGRAMS["brackets"], "c", tmp_path)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        for _ in range(25):
            running.stdin.write(b"(" * 2000 + b")" * 2000)
        running.stdin.flush()
        assert running.stdout.read(4000) == b")" * 3999 + b"."
        running.stdin.close()
        assert len(running.stdout.read()) == 24 * 4000 + 1
    assert running.returncode == 0


@pytest.mark.parametrize("to", quick(LANGUAGES, "c"))
def test_a_long_source_is_answered(to, tmp_path):
    waiting, source, answer = [], [], []
    for bracket in Random(0).choices("()[]", k=100_000 if to == "python" else 1_000_000):
        if bracket in ")]" and waiting:
            waiting.pop()
        if bracket in "([":
            waiting.append(")" if bracket == "(" else "]")
        source.append(bracket)
        answer.append(waiting[-1] if waiting else ".")
    assert all_answers(built(PROGRAMS["brackets"], to, tmp_path), ["".join(source)]) == ["".join(answer)]


@pytest.mark.parametrize("to", [*LANGUAGES, "dot", "json"])
def test_programs_that_differ_in_numbers_and_names_only_give_the_same_text(to):
    program = reversal("ab")
    push, swapped = program.rules[0], [always((0, (False,), (kind,))) for kind in (1, 0)]
    order = replace(
        program,
        states=("x", "y", "z"),
        kinds=(("1", "0"),),
        rules=((*swapped, *push[2:]), *program.rules[1:]),
        answers=(Choice((0,), {(None,): 4, (0,): 1, (1,): 0}),) * 3,
    )
    assert ns.export(order, to) == ns.export(program, to) == ns.export(program.minimal(), to)


def test_the_file_begins_with_the_program_as_a_table():
    text = ns.export(PROGRAMS["reversal"], "c")
    table = text.partition("//\n// After")[0].partition("| state")[2]
    assert [line.split("|")[1:-1] for line in table.splitlines()[2:]] == [
        [" push_source ", " a b         ", " –   ", " it   ", " push_source "],
        [" push_source ", " <start>     ", " –   ", " –    ", " push_source "],
        [" push_source ", " <separator> ", " –   ", " –    ", " answer      "],
        [" answer      ", " a b         ", " pop ", " –    ", " answer      "],
    ]
    assert f"the program takes {PROGRAMS['reversal'].bits} bits" in text


def test_the_json_of_a_program_is_its_smallest_form():
    content = json.loads(ns.export(PROGRAMS["halves"], "json"))
    assert content["format"] == "neuralstack-program-3"
    assert content["states"] == ["push_source", "skip_source", "answer"]
    assert content["layout"] == {"form": "query", "symbols": 2, "answer_lengths": [0, 1], "growth": 1}
    assert content["bits"] == PROGRAMS["halves"].bits


REFUSED = {
    "another format": (PROGRAMS["halves"], "rust", r"unknown format 'rust': .*choose from c, dot, javascript, json"),
    "no layout": (replace(PROGRAMS["halves"], layout=None), "c", "extract it again"),
    "a broken program": (replace(PROGRAMS["halves"], answers=()), "c", "needs answers"),
    "half a character": (reversal("\ud800b"), "c", "no text that can be written in UTF-8"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_exported_is_refused(what):
    program, to, reason = REFUSED[what]
    with pytest.raises(ValueError, match=reason):
        ns.export(program, to)
