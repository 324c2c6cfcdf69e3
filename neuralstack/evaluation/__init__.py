"""Accuracies of a machine on fixed sets and given data, by length, and its greedy answers."""

from neuralstack.evaluation._data import (
    format_pairs as format_pairs,
    read_data as read_data,
    read_token_pairs as read_token_pairs,
)
from neuralstack.evaluation._metrics import (
    Score as Score,
    cross_entropy as cross_entropy,
    score as score,
    success_interval as success_interval,
)
from neuralstack.evaluation._predict import Prediction as Prediction, padded as padded, predict as predict
from neuralstack.evaluation._report import Report as Report, length_bands as length_bands
from neuralstack.evaluation._scores import evaluate as evaluate, evaluate_batches as evaluate_batches
from neuralstack.evaluation._sets import (
    Examples as Examples,
    fixed_set as fixed_set,
    require_room_for as require_room_for,
)
