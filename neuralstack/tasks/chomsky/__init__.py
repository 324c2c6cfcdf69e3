"""The fifteen tasks of the Chomsky-hierarchy benchmark (Delétang et al., 2023), by the kind of machine they need."""

from neuralstack.tasks.chomsky._binary_addition import BinaryAddition as BinaryAddition
from neuralstack.tasks.chomsky._binary_multiplication import BinaryMultiplication as BinaryMultiplication
from neuralstack.tasks.chomsky._bucket_sort import BucketSort as BucketSort
from neuralstack.tasks.chomsky._compute_sqrt import ComputeSqrt as ComputeSqrt
from neuralstack.tasks.chomsky._cycle_navigation import CycleNavigation as CycleNavigation
from neuralstack.tasks.chomsky._duplicate_string import DuplicateString as DuplicateString
from neuralstack.tasks.chomsky._even_pairs import EvenPairs as EvenPairs
from neuralstack.tasks.chomsky._missing_duplicate import MissingDuplicate as MissingDuplicate
from neuralstack.tasks.chomsky._modular_arithmetic import ModularArithmetic as ModularArithmetic
from neuralstack.tasks.chomsky._modular_arithmetic_brackets import (
    ModularArithmeticBrackets as ModularArithmeticBrackets,
)
from neuralstack.tasks.chomsky._odds_first import OddsFirst as OddsFirst
from neuralstack.tasks.chomsky._parity import Parity as Parity
from neuralstack.tasks.chomsky._reverse_string import ReverseString as ReverseString
from neuralstack.tasks.chomsky._solve_equation import SolveEquation as SolveEquation
from neuralstack.tasks.chomsky._stack_manipulation import StackManipulation as StackManipulation

REGULAR = {
    "cycle-navigation": CycleNavigation,
    "even-pairs": EvenPairs,
    "modular-arithmetic": ModularArithmetic,
    "parity": Parity,
}

CONTEXT_FREE = {
    "modular-arithmetic-brackets": ModularArithmeticBrackets,
    "reverse-string": ReverseString,
    "solve-equation": SolveEquation,
    "stack-manipulation": StackManipulation,
}

CONTEXT_SENSITIVE = {
    "binary-addition": BinaryAddition,
    "binary-multiplication": BinaryMultiplication,
    "bucket-sort": BucketSort,
    "compute-sqrt": ComputeSqrt,
    "duplicate-string": DuplicateString,
    "missing-duplicate": MissingDuplicate,
    "odds-first": OddsFirst,
}
