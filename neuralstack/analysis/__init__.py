"""Ways to look at runs and machines: tables for the terminal, figures for the eye."""

from neuralstack.analysis._curves import plot_curves as plot_curves
from neuralstack.analysis._hardening import (
    hardening_record as hardening_record,
    plot_margins as plot_margins,
    print_margins as print_margins,
    print_program as print_program,
)
from neuralstack.analysis._lengths import plot_lengths as plot_lengths
from neuralstack.analysis._page import page as page
from neuralstack.analysis._seeds import plot_seeds as plot_seeds
from neuralstack.analysis._style import COLOURS as COLOURS, figure as figure
from neuralstack.analysis._tables import (
    print_comparison as print_comparison,
    print_language_report as print_language_report,
    print_population as print_population,
    print_report as print_report,
    table as table,
)
from neuralstack.analysis._trace import trace as trace
from neuralstack.analysis._trace_figure import plot_trace as plot_trace
