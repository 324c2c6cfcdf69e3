"""Programs of finite state against what an independent learner finds in the networks themselves: L*, by AALpy."""

from itertools import product

import equinox as eqx
import jax.numpy as jnp
import pytest
from aalpy.base import SUL
from aalpy.learning_algs import run_Lstar
from aalpy.oracles import WMethodEqOracle

import neuralstack as ns
from cases import quick

LONGEST = 40  # of the words that the learner asks for, with the blank


class Network(SUL):
    """A network that is given the symbols of a source, and answers each beginning at the blank that follows it."""

    def __init__(self, entry):
        super().__init__()
        self.run, self.blank = eqx.filter_jit(entry.machine), entry.task.prompt([0])[-1]
        self.symbols = entry.task.symbols

    def pre(self):
        self.given = []

    def post(self):
        pass

    def step(self, letter):
        if letter is not None:
            self.given.append(letter)
        assert len(self.given) < LONGEST
        tokens = jnp.array([*self.given, *[self.blank] * (LONGEST - len(self.given))])
        return int(self.run(tokens)[len(self.given), : self.symbols].argmax())


@pytest.mark.parametrize("name", quick(["parity", "cycle-navigation", "even-pairs"], "parity"))
def test_the_automaton_that_l_star_learns_from_a_network_is_its_program(name):
    entry = ns.zoo.load(name)
    network, first = Network(entry), entry.program.rules[0]
    symbols = [symbol for symbol in range(entry.task.symbols) if first[symbol] is not None]  # that sources have
    oracle = WMethodEqOracle(symbols, network, max_number_of_states=len(entry.program.states) + 1)
    found = run_Lstar(symbols, network, oracle, automaton_type="moore", print_level=0)
    assert len(found.states) == len(entry.program.states)
    for word in product(symbols, repeat=6):
        assert found.execute_sequence(found.initial_state, word)[-1] == entry.program.answer(word)[0]
