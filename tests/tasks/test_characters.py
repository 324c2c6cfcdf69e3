import pydoc_data.topics

import jax
import numpy as np
import pytest

from neuralstack import Characters, fixed_set
from neuralstack.tasks.language import characters_of

TEXT = "abcde" * 200


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "text.txt"
    file.write_text(TEXT)
    return str(file)


def test_the_default_text_is_the_help_that_comes_with_python():
    whole = "\n".join(text for _, text in sorted(pydoc_data.topics.topics.items()))
    task = Characters()
    assert task.vocabulary == characters_of("") == "".join(sorted(set(whole)))
    both = np.concatenate([task.read(), task.to_validate.read()])
    assert task.decode(both.tolist()) == whole
    assert len(task.to_validate.read()) == len(whole) // 10


def test_a_stretch_is_what_stands_in_the_text_and_its_answer_the_characters_after_it(path):
    task = Characters(max_length=7, text=path)
    pair = task.stretch(3, 7)
    assert task.decode(pair.source.tolist()) == TEXT[3:11]
    assert task.decode(pair.target[:7].tolist()) == TEXT[4:11]
    assert task.scored(pair).tolist() == [True] * 7 + [False]


def test_stretches_are_drawn_from_the_whole_part_and_never_from_the_other(path, tmp_path):
    file = tmp_path / "two.txt"
    file.write_text("ab" * 45 + "c" * 10)
    task = Characters(max_length=9, text=str(file))
    drawn = jax.vmap(lambda key: task.draw(key, 9).source)(jax.random.split(jax.random.key(0), 500))
    assert set(np.unique(drawn)) == {0, 1}
    starts = {tuple(row) for row in np.asarray(drawn).tolist()}
    assert len(starts) == 2
    held_out = fixed_set(Characters(max_length=4, text=str(file)), (4, 4), 20).examples
    assert np.all(np.asarray(held_out.inputs)[:, :5] == 2)


def test_an_alphabet_can_be_larger_than_the_text(path):
    task = Characters(max_length=4, text=path, alphabet="zabcde")
    assert task.symbols == 6
    assert task.read()[:3].tolist() == [1, 2, 3]


def test_a_text_that_cannot_be_used_is_refused(path, tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"abc\xff")
    with pytest.raises(
        ValueError, match=r"cannot read the text '.*none.txt': No such file or directory; give the path"
    ):
        Characters(text=str(tmp_path / "none.txt"))
    with pytest.raises(ValueError, match=r"bad.txt' is not UTF-8 \(invalid start byte at byte 3\): convert it"):
        Characters(text=str(tmp_path / "bad.txt"))
    with pytest.raises(ValueError, match="has the character 'e', which is not in the alphabet"):
        Characters(text=path, alphabet="abcd").read()
    wanted = r"the held-out part of the text has 100 characters, but a source has 101: give a longer"
    with pytest.raises(ValueError, match=wanted):
        _ = Characters(max_length=100, text=path, held_out=True).size
