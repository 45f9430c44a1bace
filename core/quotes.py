"""Quotations within a message: the last of its lines, each behind a `>`. Pure."""


def replace_quote(text: str, quoted: str) -> str:
    """Return a text that ends with another quotation than it did; one that ends with none stays as it is."""
    lines = text.split("\n")
    own = len(lines)
    while own and lines[own - 1].startswith(">"):
        own -= 1
    return (
        "\n".join([*lines[:own], *(f"> {line}".rstrip() for line in quoted.split("\n"))]) if own < len(lines) else text
    )
