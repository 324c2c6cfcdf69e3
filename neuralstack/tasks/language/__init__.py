"""Language modeling: predicting the characters of a given text."""

from neuralstack.tasks.language._characters import Characters as Characters
from neuralstack.tasks.language._text_file import (
    Text as Text,
    TextVersion as TextVersion,
    read_text as read_text,
)

LANGUAGE = {"characters": Characters}
