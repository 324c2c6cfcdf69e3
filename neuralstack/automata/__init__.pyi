from ._export import FORMATS as FORMATS, export as export
from ._extract import NotATransducer as NotATransducer, extract as extract
from ._layout import Layout as Layout
from ._report import (
    Comparison as Comparison,
    Extraction as Extraction,
    compare as compare,
    find_transducer as find_transducer,
)
from ._tables import readable as readable
from ._transducer import StackTransducer as StackTransducer
