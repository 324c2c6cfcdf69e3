"""Streams of text: consecutive stretches, the cross-entropy of a text, and text generation."""

from neuralstack.corpora._evaluate import LanguageReport as LanguageReport, evaluate_language as evaluate_language
from neuralstack.corpora._filter import filter_logits as filter_logits
from neuralstack.corpora._sample import sample_text as sample_text, sample_texts as sample_texts
from neuralstack.corpora._stretches import Stretches as Stretches, draw_stretches as draw_stretches
