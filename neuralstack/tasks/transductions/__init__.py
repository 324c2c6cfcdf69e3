"""Transductions of strings: the five tasks of Grefenstette et al. (2015)."""

from neuralstack.tasks.transductions._bigram_flip import BigramFlip as BigramFlip
from neuralstack.tasks.transductions._copy import Copy as Copy
from neuralstack.tasks.transductions._gender import Gender as Gender
from neuralstack.tasks.transductions._reversal import Reversal as Reversal
from neuralstack.tasks.transductions._subject_verb_object import SubjectVerbObject as SubjectVerbObject

TRANSDUCTIONS = {
    "bigram-flip": BigramFlip,
    "copy": Copy,
    "gender": Gender,
    "reversal": Reversal,
    "svo-sov": SubjectVerbObject,
}
