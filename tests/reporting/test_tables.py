import pytest

from neuralstack import StackTransducer
from neuralstack.evaluation import Report
from neuralstack.reporting import print_program, print_report, table


def lines_of(text):
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.fixture
def report():
    by_length = {
        length: {"sequences": 10, "coarse": length / 100, "fine": length / 50, "token": 0.75, "loss": 1.0}
        for length in range(1, 17)
    }
    return Report(coarse=0.085, fine=0.17, token=0.75, loss=1.0, by_length=by_length)


def test_a_report_is_printed_by_bands_of_lengths_and_in_all(capsys, report):
    print_report("the title", report)
    title, columns, rule, *rows = lines_of(capsys.readouterr().out)
    assert title == ["the", "title"]
    assert columns == ["length", "sequences", "coarse", "fine", "token"]
    assert set("".join(rule)) <= set("─-━ ")
    assert rows[0] == ["1-2", "20", "0.015", "0.030", "0.750"]
    assert rows[-2] == ["15-16", "20", "0.155", "0.310", "0.750"]
    assert rows[-1] == ["all", "160", "0.085", "0.170", "0.750"]
    assert len(rows) == 9


def test_a_table_holds_every_cell_with_its_numbers_to_the_right(capsys):
    print(table("", ("name", "what", "count"), [("a", "b c", 1), ("long", "d", 12345)], texts=2, width=60))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0].split() == ["name", "what", "count"]
    assert lines[2].split() == ["a", "b", "c", "1"]
    assert lines[3].split() == ["long", "d", "12345"]
    assert len(lines[2]) == len(lines[3])
    assert lines[2].index("a") == lines[3].index("long")


def test_a_title_is_printed_as_it_is(capsys):
    print(table("runs/[bold]/one", ("a",), [("[red]",)], width=60))
    printed = capsys.readouterr().out
    assert "runs/[bold]/one" in printed
    assert "[red]" in printed


@pytest.mark.parametrize(("states", "printed"), [(12, True), (13, False)])
def test_a_program_is_printed_if_it_can_be_read(capsys, states, printed):
    program = StackTransducer(
        vocabulary=("a",),
        memories=("stack",),
        states=tuple(f"state-{number}" for number in range(states)),
        kinds=(("a",),),
        rules=tuple((((number + 1) % states, (False,), (0,)),) for number in range(states)),
        answers={(None,): 0, (0,): 0},
    )
    print_program("the title", program)
    said = capsys.readouterr().out
    assert ("state-7" in said) is printed
    assert ("the title: too many to be read here" in said) is not printed
