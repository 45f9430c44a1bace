"""As whom an answer is shown, where that is not the bot itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Face:
    """A name and a picture; `picture` is an https address of a picture, empty where there is none."""

    name: str
    picture: str = ""
