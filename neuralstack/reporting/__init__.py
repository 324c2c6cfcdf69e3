"""Tables, figures and traces of runs and machines."""

from typing import TYPE_CHECKING

from neuralstack.reporting._curves import plot_curves as plot_curves
from neuralstack.reporting._edit import Edit as Edit, FromText as FromText
from neuralstack.reporting._edit_words import edit_in_words as edit_in_words
from neuralstack.reporting._hardening import (
    describe_program as describe_program,
    hardening_record as hardening_record,
    margins_table as margins_table,
    network_size as network_size,
    plot_margins as plot_margins,
    sizes_text as sizes_text,
    states_table as states_table,
)
from neuralstack.reporting._lengths import plot_lengths as plot_lengths
from neuralstack.reporting._notebook import Page as Page, Trace as Trace
from neuralstack.reporting._page import page as page
from neuralstack.reporting._playground import playground as playground
from neuralstack.reporting._seeds import plot_seeds as plot_seeds
from neuralstack.reporting._style import COLORS as COLORS, MARKERS as MARKERS, figure as figure
from neuralstack.reporting._table import Table as Table
from neuralstack.reporting._tables import (
    comparison_table as comparison_table,
    groups_table as groups_table,
    language_table as language_table,
    report_table as report_table,
    sweep_summary as sweep_summary,
    sweep_table as sweep_table,
)
from neuralstack.reporting._trace import trace as trace
from neuralstack.reporting._trace_figure import plot_trace as plot_trace
from neuralstack.reporting._viewer import Viewer as Viewer

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Figure
