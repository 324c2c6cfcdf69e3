import numpy as np

from neuralstack.automata._merge import merge, reached

# Classes 0 to 4 and tokens 0 and 1: 1 and 2 do the same, 3 differs in what it does, 4 is never reached.
LEADS = np.array([[1, 3], [2, 3], [1, 3], [3, 3], [0, 0]])
DEEDS = np.array([[0, 1], [0, 1], [0, 1], [5, 5], [0, 0]])
GATES = np.array([-1, 0, 0, 1, 0])
ASKED = np.ones((5, 2), bool)


def test_classes_that_act_alike_become_one():
    assert merge(LEADS, DEEDS, GATES, ASKED).tolist() == [0, 0, 0, 3, 4]


def test_other_gates_keep_classes_apart():
    gates = np.array([-1, 0, 2, 1, 0])
    root = merge(LEADS, DEEDS, gates, ASKED)
    assert root[1] != root[2]


def test_another_deed_on_a_token_that_is_asked_keeps_classes_apart():
    action_labels = DEEDS.copy()
    action_labels[2, 1] = 7
    assert len(set(merge(LEADS, action_labels, GATES, ASKED)[:3])) > 1


def test_what_is_never_asked_decides_nothing():
    action_labels, asked = DEEDS.copy(), ASKED.copy()
    action_labels[2, 1], asked[2, 1] = 7, False
    assert merge(LEADS, action_labels, GATES, asked).tolist() == [0, 0, 0, 3, 4]


def test_merging_goes_on_to_where_the_tokens_lead():
    # 1 and 2 lead to 3 and 4, which have other gates: then 1 and 2 are not one either.
    leads = np.array([[1, 2], [3, 3], [4, 4], [3, 3], [4, 4]])
    same = np.zeros((5, 2), int)
    apart = merge(leads, same, np.array([-1, 0, 0, 1, 2]), ASKED)
    assert apart[1] != apart[2]
    together = merge(leads, same, np.array([-1, 0, 0, 1, 1]), ASKED)
    assert together[1] == together[2]
    assert together[3] == together[4]


def test_classes_are_listed_as_they_are_reached():
    assert reached(LEADS, ASKED) == [0, 1, 3, 2]
