"""Arguments of calls, checked against the schema of their tool."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tools.arguments import decode_arguments, find_argument_fault

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 5},
        "age": {"type": ["integer", "null"], "minimum": 0},
        "role": {"enum": ["user", "admin"]},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "maxItems": 2},
        "where": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["city"]}]},
    },
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"tag": {"type": "string"}},
}


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "Ada"},
        {"name": "Ada", "age": 36, "role": "admin", "tags": ["a", "b"], "where": {"city": "London"}},
        {"name": "Ada", "age": None, "where": "here"},
        {"name": "Ada", "age": 36.0},
    ],
)
def test_what_fits_has_no_fault(arguments: dict[str, Any]) -> None:
    """Null where it may be, a whole number however it is written, one of several forms."""
    assert find_argument_fault(arguments, PERSON) == ""


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({}, "the arguments must have `name`"),
        ({"name": 3}, "`name` must be of type string"),
        ({"name": ""}, "`name` does not keep to minLength 1"),
        ({"name": "Augusta"}, "`name` does not keep to maxLength 5"),
        ({"name": "Ada", "age": -1}, "`age` does not keep to minimum 0"),
        ({"name": "Ada", "age": True}, "`age` must be of type integer or null"),
        ({"name": "Ada", "role": "root"}, "`role` must be one of ['user', 'admin']"),
        ({"name": "Ada", "tags": ["a", 1]}, "`tags`[1] must be of type string"),
        ({"name": "Ada", "tags": ["a", "b", "c"]}, "`tags` does not keep to maxItems 2"),
        ({"name": "Ada", "where": {"street": "x"}}, "`where` must be of type string"),
        ({"name": "Ada", "x": 1}, "the arguments must not have `x`"),
        ([], "the arguments must be of type object"),
    ],
)
def test_the_first_fault_is_told_where_it_stands(arguments: Any, fault: str) -> None:
    """So that the model can mend it."""
    assert find_argument_fault(arguments, PERSON) == fault


def test_arguments_may_be_an_object_or_a_text_that_holds_one() -> None:
    """Some models write them twice as JSON."""
    assert decode_arguments('{"a": 1}') == decode_arguments('"{\\"a\\": 1}"') == {"a": 1}
    assert [decode_arguments(text) for text in ("", "[1]", "nonsense", "1", '"x"', "{" * 5_000)] == [None] * 6
    assert decode_arguments('{"a": "' + "x" * 40_000 + '"}') is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "required", "items", "anyOf", "$ref", "minimum", "enum", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(anything, st.dictionaries(st.sampled_from(["type", "properties", "required", "$ref", "allOf"]), anything))
def test_whatever_a_schema_is_it_ends_in_a_sentence_or_none(arguments: Any, schema: dict[str, Any]) -> None:
    """Servers send what they like."""
    assert isinstance(find_argument_fault(arguments, schema), str)
    looped = {"properties": {"a": {"$ref": "#"}}, "allOf": [{"$ref": "#"}, schema]}
    assert isinstance(find_argument_fault({"a": {"a": arguments}}, looped), str)
    twice = {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}] * 9}}, "$ref": "#/$defs/a"}
    assert find_argument_fault(arguments, twice) == ""  # in time


def test_a_whole_number_may_have_any_length() -> None:
    """JSON has no largest one."""
    assert find_argument_fault({"name": "Ada", "age": 10**400}, PERSON) == ""
