"""Programs in C99: one file with a main program, which reads its sources as a stream."""

from neuralstack.automata.languages._description import Description
from neuralstack.automata.languages._language import Language

PLAIN = {chr(code) for code in range(32, 127)} - {'"', "\\", "?"}  # two question marks begin a trigraph


def quote(text: str) -> str:
    r"""Return a text as C writes it, in UTF-8, with octal escapes of three digits, which no digit after them continues.

    Examples:
        >>> print(quote('a"1\\?\n2é'))
        "a\0421\134\077\0122\303\251"
    """
    codes = text.encode()
    return '"' + "".join(chr(code) if chr(code) in PLAIN else f"\\{code:03o}" for code in codes) + '"'


C = Language("c.template", "//", ("{", "}"), quote)


def to_c(described: Description) -> str:
    """Return a program as a C file."""
    program, layout = described.program, described.layout
    sizes = [len(word.encode()) for word in program.vocabulary]
    numbers = {
        "num_states": len(program.states),
        "num_tokens": len(program.vocabulary),
        "num_memories": len(program.memories),
        "num_views": len(described.views),
        "num_rules": len(described.rules),
        "num_answers": len(described.answers),
        "num_lengths": len(layout.answer_lengths),
        "longest": max(4, *sizes[: layout.symbols]),  # a character has at most 4 bytes
    }
    return C.write(
        described,
        **{name: str(number) for name, number in numbers.items()},
        sizes=C.table(sizes),
        # A table of C has at least one entry, even without memories.
        queues=C.table([int(kind == "queue") for kind in program.memories] or [0]),
        views=C.table([view or [0] for view in described.views]),
    )
