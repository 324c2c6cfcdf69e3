from ._batch import run_batch as run_batch
from ._choice import Choice as Choice, always as always
from ._export import FORMATS as FORMATS, export as export
from ._extract import NotATransducer as NotATransducer, extract as extract
from ._layout import Layout as Layout
from ._report import (
    Comparison as Comparison,
    Extraction as Extraction,
    compare as compare,
    find_transducer as find_transducer,
)
from ._tables import (
    answer_columns as answer_columns,
    readable as readable,
    rule_columns as rule_columns,
    rule_groups as rule_groups,
)
from ._transducer import StackTransducer as StackTransducer
