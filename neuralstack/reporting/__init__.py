"""Ways to look at runs and machines: tables for the terminal, figures for the eye."""

from neuralstack.reporting._curves import plot_curves as plot_curves
from neuralstack.reporting._hardening import (
    hardening_record as hardening_record,
    plot_margins as plot_margins,
    print_margins as print_margins,
    print_program as print_program,
)
from neuralstack.reporting._lengths import plot_lengths as plot_lengths
from neuralstack.reporting._page import page as page
from neuralstack.reporting._seeds import plot_seeds as plot_seeds
from neuralstack.reporting._style import COLORS as COLORS, figure as figure
from neuralstack.reporting._table import table as table
from neuralstack.reporting._tables import (
    print_comparison as print_comparison,
    print_language_report as print_language_report,
    print_report as print_report,
    print_sweep as print_sweep,
)
from neuralstack.reporting._trace import trace as trace
from neuralstack.reporting._trace_figure import plot_trace as plot_trace
from neuralstack.reporting._viewer import Viewer as Viewer
