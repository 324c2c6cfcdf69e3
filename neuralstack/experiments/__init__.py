"""Published results, one declarative file each; `reproduce` regenerates them beside the published numbers."""

from neuralstack.experiments import actions, characters, chomsky, counting, hardening, reversal, transductions
from neuralstack.experiments._experiment import Experiment as Experiment, Quick as Quick, Variant as Variant
from neuralstack.experiments._run import reproduce as reproduce
from neuralstack.experiments._tables import settings_table as settings_table

EXPERIMENTS = {
    module.EXPERIMENT.name: module.EXPERIMENT
    for module in (actions, characters, chomsky, counting, hardening, reversal, transductions)
}
"""Every experiment by its name."""
