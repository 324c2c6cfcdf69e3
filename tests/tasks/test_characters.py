import os
import pydoc_data.topics
from pathlib import Path

import jax
import numpy as np
import pytest

from neuralstack import Characters, fixed_set
from neuralstack.tasks import TextVersion

TEXT = "abcde" * 200


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "text.txt"
    file.write_text(TEXT)
    return str(file)


def test_the_default_text_is_the_help_that_comes_with_python():
    whole = "\n".join(text for _, text in sorted(pydoc_data.topics.topics.items()))
    task = Characters()
    assert task.vocabulary == "".join(sorted(set(whole)))
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


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("abcde", "utf-8"),
        ("abcde", "utf-8-sig"),  # a byte-order mark is not part of a text
        ("abcde", "utf-16"),
        ("\ufeffabcde", "utf-16-le"),
        ("äöüßé", "latin-1"),
        ("\U0001f600\r\nb", "utf-8"),
    ],
)
def test_a_text_is_read_in_its_encoding(tmp_path, content, encoding):
    (tmp_path / "text.txt").write_bytes((content * 4).encode(encoding))
    task = Characters(max_length=4, text=str(tmp_path / "text.txt"), encoding=encoding.removesuffix("-sig"))
    whole = np.concatenate([task.read(), task.to_validate.read()]).tolist()
    assert task.decode(whole) == (content * 4).removeprefix("\ufeff")


def test_a_text_that_is_edited_after_its_task_was_made_is_refused(path):
    task, given = Characters(max_length=4, text=path), Characters(max_length=4, text=path, alphabet="abcdef")
    pinned = given.pinned
    Path(path).write_text("abcdef" * 200)
    assert len(given.read()) == 1080  # a given alphabet does not depend on the text
    for changed in (task, pinned):
        with pytest.raises(ValueError, match="is not that of the training, or was changed since then"):
            changed.read()
    Path(path).write_text(TEXT)
    assert task.read().tolist() == pinned.read().tolist()


def test_the_text_of_another_python_is_refused_by_its_version():
    with pytest.raises(ValueError, match=r"is not the text of the training, which was that of Python 3\.10\.1: use"):
        Characters(alphabet="ab", version=TextVersion("0" * 64, "3.10.1")).read()


BAD_FILES = {
    "missing": (lambda path: None, "cannot read the text '.*text.txt': No such file or directory; give the path"),
    "not UTF-8": (
        lambda path: path.write_bytes(b"abc\xff"),
        r"is not in the encoding utf-8 \(invalid start byte at byte 3",
    ),
    "pipe": (os.mkfifo, "cannot use the text '.*text.txt': it is not a regular file"),
    "directory": (Path.mkdir, "Is a directory; give the path where it is"),
    "endless device": (lambda path: path.symlink_to("/dev/zero"), "it is not a regular file"),
    "too large": (
        lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 31),
        "at most 1073741824 are read",
    ),
    "nothing": (Path.touch, "the text '.*text.txt' is empty: give a file with characters"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_cannot_be_a_text_is_refused_at_once(tmp_path, kind):
    make, message = BAD_FILES[kind]
    make(tmp_path / "text.txt")
    with pytest.raises(ValueError, match=message):
        Characters(text=str(tmp_path / "text.txt"))


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "hex", ""])
def test_an_encoding_that_does_not_exist_is_refused(path, encoding):
    with pytest.raises(ValueError, match=f"there is no encoding '{encoding}': give one that Python knows"):
        Characters(text=path, encoding=encoding)


def test_a_text_that_does_not_suit_its_task_is_refused(path):
    with pytest.raises(ValueError, match="has the character 'e', which is not in the alphabet of 4"):
        Characters(text=path, alphabet="abcd").read()
    with pytest.raises(ValueError, match="has the characters 'd', 'e', which are not in the alphabet of 3"):
        Characters(text=path, alphabet="abc").read()
    wanted = r"the held-out part of the text '.*text.txt' has 100 characters, but a source has 101: give a longer"
    with pytest.raises(ValueError, match=wanted):
        _ = Characters(max_length=100, text=path, held_out=True).size
