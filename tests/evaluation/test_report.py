"""Reports as values: by bands of lengths, and as a notebook shows them."""

import pytest

from neuralstack import Report
from neuralstack.evaluation import length_bands


def row(coarse, sequences=1):
    return {"sequences": sequences, "coarse": coarse, "fine": coarse / 2, "token": 1.0, "loss": 9.0}


def test_bands_of_lengths_hold_every_sequence_once():
    by_length = {length: row(length / 100, sequences=length) for length in range(8, 65)}
    bands = dict(length_bands(by_length))
    assert len(bands) == 8
    assert next(iter(bands)) == "8-15"
    assert sum(band["sequences"] for band in bands.values()) == sum(range(8, 65))
    first = sum(n * n / 100 for n in range(8, 16)) / sum(range(8, 16))
    assert bands["8-15"] == {
        "length": pytest.approx(sum(n * n for n in range(8, 16)) / 92),
        "sequences": 92,
        "coarse": pytest.approx(first),
        "fine": pytest.approx(first / 2),
        "token": 1,
    }


def test_few_lengths_have_a_band_each():
    assert dict(length_bands({3: row(0.5, 4), 9: row(0.25)})) == {
        "3": {"length": 3, "sequences": 4, "coarse": 0.5, "fine": 0.25, "token": 1},
        "9": {"length": 9, "sequences": 1, "coarse": 0.25, "fine": 0.125, "token": 1},
    }


REPORT = Report(0.5, 0.25, 0.75, 1.5, {3: row(0.5, 4), 9: row(0.5, 2)})


def test_a_report_is_one_short_line():
    assert repr(REPORT) == "Report(coarse 0.500, fine 0.250, token 0.750, loss 1.500; 6 sequences, lengths 3-9)"


def test_a_notebook_shows_a_report_as_a_table_by_length():
    html = REPORT._repr_html_()
    assert html.count("<tr>") == 4
    assert "<tr><td>all</td><td>6</td><td>0.5</td><td>0.25</td><td>0.75</td></tr>" in html
