"""What a section of settings is made from: its fields' names in the environment, their types, and its own faults."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeInt
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError, from_json

URL = "https?://"  # what an address begins with


class Section(BaseModel):
    """Settings that belong together, as the value that what they set takes: read by name, or from the environment.

    A field without a name in the environment is for tests and for what one part decides for another. A field of a
    common base class is one setting that several sections read.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_by_name=True)

    title: ClassVar[str]  # its heading in `.env.example`

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of its settings in the environment, in their order."""
        return [str(field.validation_alias) for field in cls.model_fields.values() if field.validation_alias]

    @classmethod
    def find_faults(cls, given: Mapping[str, str]) -> list[str]:
        """Return a sentence for each fault in what the environment gives that is no matter of a field's type."""
        faults: list[str] = []
        for field in cls.model_fields.values():
            name, beginning = str(field.validation_alias), _beginning(field.json_schema_extra)
            if beginning and name in given and not re.match(beginning, given[name]):
                faults.append(f"{name} begins with {beginning}; something else stands there.")
        return faults


def setting_field(  # noqa: ANN401, RUF100 - a pydantic field takes any default
    name: str, about: str, default: Any = None, *, begins: str = "", secret: bool = False
) -> Any:  # noqa: ANN401, RUF100
    """Declare a setting: its name in the environment, what it is for, and its default.

    `begins` is a pattern of what its value begins with, so that one in the wrong place is recognised; a `secret` is
    left out where the section is printed.
    """
    extra: JsonDict | None = {"begins": begins} if begins else None
    return Field(default=default, validation_alias=name, description=about, json_schema_extra=extra, repr=not secret)


def _beginning(extra: object) -> str:
    return str(extra["begins"]) if isinstance(extra, dict) and "begins" in extra else ""


def _split(value: object) -> object:
    """Read `a, b` as a list of its parts."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def decode_json(value: object) -> object:
    """Read a text as JSON; a value that a caller gives stays as it is. Raises PydanticCustomError."""
    try:
        return from_json(value) if isinstance(value, str) else value
    except ValueError as error:
        raise PydanticCustomError("json_invalid", "Invalid JSON: {error}", {"error": str(error)}) from None


AS_JSON = BeforeValidator(decode_json)
CommaList = Annotated[tuple[str, ...], BeforeValidator(_split)]
Port = Annotated[NonNegativeInt, Field(le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Thresholds = dict[str, Annotated[float, Field(ge=0, le=1)]]
