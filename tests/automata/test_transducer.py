import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from neuralstack import StackTransducer
from neuralstack.automata import Choice, Layout, always, run_batch
from programs import PROGRAMS, reversal, text_of

# Reverse a string of a and b: push it, turn at the separator, pop. Tokens: a, b, <start>, <separator>, <end>.
ACTIONS = (0, (False,), (0,)), (0, (False,), (1,)), (1, (False,), (None,)), (1, (True,), (None,))
PUSH_A, PUSH_B, KEEP, POP = map(always, ACTIONS)
REVERSE = StackTransducer(
    vocabulary=("a", "b", "<start>", "<separator>", "<end>"),
    memories=("stack",),
    states=("push", "pop"),
    kinds=(("a", "b", "<end>"),),
    rules=((PUSH_A, PUSH_B, always((0, (False,), (2,))), KEEP, None), (POP, POP, None, None, None)),
    answers=(Choice((0,), {(None,): 4, (0,): 0, (1,): 1, (2,): 4}),) * 2,
)


def reversed_by(program, source):
    return program.run([2, *source, 3, *reversed(source)])[len(source) + 1 :]


@pytest.mark.parametrize("source", [[0], [0, 1], [1, 1, 0], [0] * 500 + [1]])
def test_a_program_pushes_turns_and_pops(source):
    assert reversed_by(REVERSE, source) == [*reversed(source), 4]


def test_a_queue_is_popped_at_its_front():
    copy = StackTransducer(**{**vars(REVERSE), "memories": ("queue",)})
    # The queue starts with what <start> pushed, followed by the string in order.
    assert copy.run([0, 1, 1, 3, 0, 1, 1])[3:] == [0, 1, 1, 4]


def test_a_program_says_in_which_state_it_is():
    assert REVERSE.walk([2, 0, 3, 0]) == ["push", "push", "pop", "pop"]


def test_a_token_without_a_rule_is_named_with_the_state():
    with pytest.raises(ValueError, match="no rule for '<end>' in its state 'push'"):
        REVERSE.run([0, 4])


@pytest.mark.parametrize("name", [*PROGRAMS, None])
def test_many_sequences_are_answered_as_each_of_them_alone(name):
    program, random = PROGRAMS.get(name, REVERSE), np.random.default_rng(0)
    tokens = random.integers(len(program.vocabulary), size=(200, 12))
    tokens[:100, 1:] = random.integers(2, size=(100, 11))  # fewer tokens without a rule
    used = random.integers(tokens.shape[1] + 1, size=len(tokens))

    def alone(row, length):
        try:
            answered = [-1 if token is None else token for token in program.run(row[:length])]
        except ValueError:  # a token without a rule
            answered = [-1] * length
        return answered + [-1] * (len(row) - length)

    expected = [alone(row, length) for row, length in zip(tokens.tolist(), used.tolist(), strict=True)]
    assert max(map(max, expected)) >= 0
    assert run_batch(program, tokens, used).tolist() == expected


@pytest.mark.parametrize("name", [*PROGRAMS, None])
def test_a_program_comes_back_from_its_file(name, tmp_path):
    file, program = tmp_path / "program.json", PROGRAMS.get(name, REVERSE)
    file.write_text(program.to_json())
    assert StackTransducer.load(file) == program
    assert json.loads(program.to_json())["bits"] == program.bits


def test_a_file_of_the_first_version_has_no_layout(tmp_path):
    file, (push, pop) = tmp_path / "program.json", ((0, [False], [0]), (1, [True], [None]))
    rules = [[push, (0, [False], [1]), (0, [False], [2]), (1, [False], [None]), None], [pop, pop, None, None, None]]
    answers = [[None, 4], [0, 0], [1, 1], [2, 4]]
    content = {**json.loads(REVERSE.to_json()), "rules": rules, "answers": answers}
    file.write_text(json.dumps({**content, "format": "neuralstack-program-1", "layout": None}))
    assert StackTransducer.load(file) == REVERSE


@pytest.mark.parametrize(
    ("name", "source", "answered"),
    [
        ("reversal", "abb", "bba"),
        ("copy", "abcdefgh", "abcdefgh"),
        ("words", "the me3", "the me3"),
        ("mirror", "abcaa", "ababa"),
        ("halves", "01011", "001"),
        ("brackets", "([(.)]", ")]))])"),
        ("parity", "01101", "1"),
        ("balanced", "[()](](", "0001000"),
        ("deal", "aabba", "abaab"),
    ],
)
def test_a_program_answers_sources_in_its_layout(name, source, answered):
    program = PROGRAMS[name]
    words = source.split() if " " in source else source
    assert text_of(program, program.answer([program.vocabulary.index(word) for word in words])) == answered


ANSWERLESS = {
    "no layout": (REVERSE, [0], "extract it again"),
    "an empty source": (PROGRAMS["reversal"], [], r"at least one symbol, each in 0\.\.1"),
    "a mark": (PROGRAMS["reversal"], [2], r"at least one symbol, each in 0\.\.1"),
    "no end": (
        StackTransducer(**{**vars(reversal("ab")), "answers": (always(0),) * 3}),
        [0, 1],
        "did not end its answer within 12 symbols",
    ),
    "no rule": (StackTransducer(**{**vars(REVERSE), "layout": Layout("query", 4)}), [0], "no rule for '<end>'"),
}


@pytest.mark.parametrize("what", ANSWERLESS)
def test_a_source_without_an_answer_is_refused(what):
    program, source, reason = ANSWERLESS[what]
    with pytest.raises(ValueError, match=reason):
        program.answer(source)


def changed(**parts):
    """The file of that program with other parts."""
    return json.dumps({**json.loads(REVERSE.to_json()), **parts})


NO_PROGRAMS = {
    "nothing": "",
    "no fields": "{}",
    "a list": "[]",
    "a number": "5",
    "null": "null",
    "a text": '"program"',
    "too deep": "[" * 100_000,
    "another format": '{"format": "another"}',
    "too few fields": json.dumps({"format": "neuralstack-program-3"}),
    "a state too many": changed(rules=[[{"sees": [], "cases": [[[], [5, [False], [None]]]]}] * 5] * 2),
    "a rule of no memory": changed(rules=[[{"sees": [], "cases": [[[], [0]]]}] * 5] * 2),
    "a rule of another memory": changed(rules=[[{"sees": [1], "cases": [[[0], [0, [False], [None]]]]}] * 5] * 2),
    "a rule without a case": changed(rules=[[{"sees": [], "cases": []}] * 5] * 2),
    "a rule that is a list": changed(rules=[[[[], []]] * 5] * 2),
    "a name that is a number": changed(states=["push", 1]),
    "a layout without numbers": changed(layout={"form": "query"}),
    "a missing answer": changed(answers=[]),
    "an answer that is no token": changed(answers=[{"sees": [], "cases": [[[], 5]]}] * 2),
}


@pytest.mark.parametrize("text", NO_PROGRAMS.values(), ids=NO_PROGRAMS)
def test_a_file_that_is_no_program_is_refused(tmp_path, text):
    file = tmp_path / "program.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"is not a program: it must be a file written by `neuralstack harden`"):
        StackTransducer.load(file)


def test_the_table_gathers_the_tokens_that_are_treated_alike():
    assert REVERSE.table() == [
        ("push", "a b", "–", "it", "push"),
        ("push", "<start>", "–", "<end>", "push"),
        ("push", "<separator>", "–", "–", "pop"),
        ("pop", "a b", "pop", "–", "pop"),
    ]
    assert REVERSE.answer_table() == [("nothing", "<end>"), ("a, b, <end>", "it")]


def test_the_graph_has_one_edge_from_a_state_to_each_next_one():
    graph = REVERSE.graph()
    assert graph.startswith("digraph program {")
    assert r'"push" -> "push" [label="a b: push it\n<start>: push <end>"];' in graph
    assert '"push" -> "pop" [label="<separator>: keep"];' in graph
    assert '"pop" -> "pop" [label="a b: pop"];' in graph
    assert graph.count("->") == 1 + 3


def test_a_state_may_have_any_name_in_the_graph():
    graph = StackTransducer(**{**vars(REVERSE), "states": ("start", "pop")}).graph()
    assert '"" -> "start";' in graph
    assert '"start" -> "pop" [label="<separator>: keep"];' in graph
    assert "  start" not in graph


def test_a_mark_cannot_end_a_line_of_the_table():
    rule, marks = always((0, (False,), (None,))), ("<\nend>",)
    program = StackTransducer((*"abcde", *marks), ("stack",), ("keep",), ((),), ((rule,) * 6,), (always(0),))
    assert program.table()[0][1] == r"any symbol, <\nend>"


@pytest.mark.parametrize(
    ("word", "shown"), [('"', r"\""), ("\\", r"\\"), (" ", "␣"), ("\0", r"\\x00"), ("\n", r"\\n"), ("\x1b", r"\\x1b")]
)
def test_no_symbol_breaks_the_graph_or_the_terminal(word, shown):
    program = StackTransducer(
        **{**vars(REVERSE), "vocabulary": (word, "b", *REVERSE.vocabulary[2:]), "kinds": ((word, "b", "<end>"),)}
    )
    assert f'[label="{shown} b: pop"];' in program.graph()
    cells = [cell for row in (*program.table(), *program.answer_table()) for cell in row]
    assert all(cell.isprintable() for cell in cells)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_every_symbol():
    program = StackTransducer(
        **{**vars(REVERSE), "vocabulary": ("\0", '"', *REVERSE.vocabulary[2:]), "kinds": (("\\", "\n", "<end>"),)}
    )
    done = subprocess.run(["dot", "-Tsvg"], input=program.graph(), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "x00" in done.stdout


def test_many_tokens_are_counted_and_all_symbols_are_said_in_a_word():
    vocabulary = (*"abcdefghijklm", "<start>")
    rule = always((0, (False,), (None,)))
    only = {"memories": ("stack",), "states": ("keep",), "kinds": ((),), "answers": (always(0),)}
    every = StackTransducer(vocabulary=vocabulary, rules=((rule,) * 14,), **only)
    some = StackTransducer(vocabulary=vocabulary, rules=(((rule,) * 10 + (None,) * 4),), **only)
    assert every.table()[0][1] == "any symbol, <start>"
    assert some.table()[0][1] == "10 tokens, a b c d ..."


def test_a_program_runs_without_jax(tmp_path):
    file = tmp_path / "program.json"
    file.write_text(REVERSE.to_json())
    code = (
        "import sys; from neuralstack.automata import StackTransducer; "
        "print(StackTransducer.load(sys.argv[1]).run([2, 0, 1, 3, 1, 0])); "
        "assert not {'jax', 'numpy', 'equinox'} & set(sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert ran.stdout == "[4, 0, 1, 1, 0, 4]\n"
