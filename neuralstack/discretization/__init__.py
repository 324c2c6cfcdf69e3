"""Machines with discrete actions."""

from neuralstack.discretization._agreement import (
    Agreement as Agreement,
    Fresh as Fresh,
    action_margins as action_margins,
    agree as agree,
    answers as answers,
    draw_fresh as draw_fresh,
)
from neuralstack.discretization._behavior import (
    action_labels as action_labels,
    actions_on as actions_on,
    decoded_ends as decoded_ends,
    signatures as signatures,
    successors as successors,
)
from neuralstack.discretization._harden import harden as harden
from neuralstack.discretization._state_margins import UnitMargins as UnitMargins, state_margins as state_margins
from neuralstack.discretization._streaming import Stream as Stream
from neuralstack.discretization._walk import (
    ANSWER as ANSWER,
    BEFORE as BEFORE,
    SOURCE as SOURCE,
    Moments as Moments,
    Walk as Walk,
    draw_walk as draw_walk,
    visit as visit,
)
