import pytest

from neuralstack import StackTransducer
from neuralstack.automata import always
from neuralstack.evaluation import Report
from neuralstack.reporting import Table, describe_program, report_table

ROWS = [("a", "b c", 1), ("long", "d", 12345)]


def lines_of(text):
    return [line.split() for line in str(text).splitlines() if line.strip()]


@pytest.fixture
def report():
    by_length = {
        length: {"sequences": 10, "coarse": length / 100, "fine": length / 50, "token": 0.75, "loss": 1.0}
        for length in range(1, 17)
    }
    return Report(coarse=0.085, fine=0.17, token=0.75, loss=1.0, by_length=by_length)


def test_a_report_has_rows_for_bands_of_lengths_and_for_all(report):
    title, columns, rule, *rows = lines_of(report_table("the title", report))
    assert title == ["the", "title"]
    assert columns == ["length", "sequences", "coarse", "fine", "token"]
    assert set("".join(rule)) == {"-"}
    assert rows[0] == ["1-2", "20", "0.015", "0.030", "0.750"]
    assert rows[-2] == ["15-16", "20", "0.155", "0.310", "0.750"]
    assert rows[-1] == ["all", "160", "0.085", "0.170", "0.750"]
    assert len(rows) == 9


def test_texts_are_aligned_left_and_numbers_right():
    assert str(Table("", ("name", "what", "count"), ROWS, 2)).splitlines() == [
        "name  what  count",
        "----  ----  -----",
        "a     b c       1",
        "long  d     12345",
    ]


def test_headings_of_several_lines_stand_on_the_rule():
    assert str(Table("", ("name", "of\nall", "count"), [("a", 1, 2)])).splitlines()[:2] == [
        "       of",
        "name  all  count",
    ]


def test_wide_tables_are_never_cut():
    columns = tuple(f"column {number}" for number in range(30))
    table = Table("t" * 200, columns, [tuple(range(1000, 1030))])
    for text in (str(table), table.text(80)):
        assert "t" * 200 in text
        assert lines_of(text)[-1] == [*map(str, range(1000, 1030))]


def test_the_widest_text_is_wrapped_into_a_given_width():
    text = Table("", ("name", "what", "count"), [("a name", "many words " * 20, 7)], 2).text(60)
    assert max(map(len, text.splitlines())) <= 60
    assert " ".join(text.split()).count("many") == 20
    assert text.count("a name") == text.count("7") == 1


def test_wide_characters_keep_the_columns_aligned():
    *_, first, second = str(Table("", ("name", "count"), [("漢字", 1), ("abcd", 2)])).splitlines()
    assert (first, second) == ("漢字      1", "abcd      2")


def test_markup_and_control_characters_are_shown_as_they_are():
    table = Table("runs/[bold]/one", ("name", "count"), [("<b>|\x1b[31m\n", 1)])
    assert "runs/[bold]/one" in str(table)
    assert r"<b>|\x1b[31m\n" in str(table)
    assert "\x1b" not in str(table)
    assert r"&lt;b&gt;|\x1b[31m\n" in table.html()
    assert "&#60;b&#62;&#124;" in table.markdown()
    assert table.markdown().splitlines()[-1].count("|") == 3


def test_a_table_shows_itself_in_a_notebook_and_has_a_short_repr():
    table = Table("the title", ("name", "what", "the\ncount"), ROWS * 500, 2)
    html = table._repr_html_()
    assert html.count("<tr>") == 1001
    assert "<caption>the title</caption>" in html
    assert '<td style="text-align: left">b c</td><td style="text-align: right">1</td>' in html
    assert ">the count</th>" in html
    assert repr(table) == "Table('the title', 1000 rows, 3 columns)"


def test_markdown_aligns_as_the_terminal_does():
    assert Table("the title", ("name", "what", "the\ncount"), ROWS, 2).markdown().splitlines() == [
        "### the title",
        "",
        "| name | what | the count |",
        "| :-- | :-- | --: |",
        "| a | b c | 1 |",
        "| long | d | 12345 |",
    ]


def test_a_row_needs_a_cell_for_each_column():
    with pytest.raises(ValueError, match=r"one cell for each of the 2 columns .*, got a row of 3"):
        Table("", ("name", "count"), ROWS)


@pytest.mark.parametrize(("states", "listed"), [(12, True), (13, False)])
def test_a_program_is_listed_if_it_can_be_read(states, listed):
    program = StackTransducer(
        vocabulary=("a",),
        memories=("stack",),
        states=tuple(f"state-{number}" for number in range(states)),
        kinds=(("a",),),
        rules=tuple((always(((number + 1) % states, (False,), (0,))),) for number in range(states)),
        answers=(always(0),) * states,
    )
    text = describe_program("the title", program)
    assert ("state-7" in text) is listed
    assert ("the title: too many to list" in text) is not listed
