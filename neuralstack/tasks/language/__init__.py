"""Language models: to predict a text that somebody wrote."""

from neuralstack.tasks.language._characters import Characters as Characters
from neuralstack.tasks.language._corpus import characters_of as characters_of

LANGUAGE = {"characters": Characters}
