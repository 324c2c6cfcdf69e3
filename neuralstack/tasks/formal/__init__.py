"""Formal languages, symbol by symbol: counting, memorization, sums, balanced brackets."""

from functools import partial

from neuralstack.tasks.formal._addition_stream import AdditionStream as AdditionStream
from neuralstack.tasks.formal._counting import Counting as Counting
from neuralstack.tasks.formal._dyck import Dyck as Dyck
from neuralstack.tasks.formal._memorization import Memorization as Memorization

FORMAL = {
    "anbn": partial(Counting, language="anbn"),
    "anbncn": partial(Counting, language="anbncn"),
    "anbncndn": partial(Counting, language="anbncndn"),
    "anb2n": partial(Counting, language="anb2n"),
    "anbmcnm": partial(Counting, language="anbmcnm"),
    "addition-stream": AdditionStream,
    "memorization": Memorization,
    "dyck-1": partial(Dyck, pairs=1),
    "dyck-2": partial(Dyck, pairs=2),
    "dyck-3": partial(Dyck, pairs=3),
    "dyck-6": partial(Dyck, pairs=6),
}
