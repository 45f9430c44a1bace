"""What a call costs: by the operator's prices, by the endpoint's word, or by the list that comes with the project."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.llm.deltas import read_usage
from core.messages import Usage
from core.spending.price_book import PriceBook
from core.spending.prices import Rates
from core.spending.settings import PriceSettings, SpendingSettings

DOLLAR = 10**9
GPT_4O = PriceSettings.model_validate({"input": 2.5, "cached": 1.25, "output": 10}).to_price()


def test_a_price_is_kept_in_whole_billionths_of_a_dollar() -> None:
    """Dollars for a million tokens, or for a minute of sound; what binary fractions cannot hold among them."""
    assert GPT_4O.rates == Rates(2_500_000_000, 1_250_000_000, None, 10 * DOLLAR)
    assert PriceSettings.model_validate({"minute": 0.006}).to_price().rates.minute == 6_000_000
    assert PriceSettings.model_validate({"input": 0.075}).to_price().rates.input == 75_000_000


def test_what_a_cache_served_is_told_apart_from_the_rest_of_the_prompt() -> None:
    """The prompt's tokens include the cached ones; without a price of their own these cost what the others do."""
    usage = Usage(1_000_000, 100_000, 400_000, "gpt-4o")
    assert GPT_4O.rates.cost_of(usage) == 3 * DOLLAR  # 1.5 + 0.5 + 1
    assert GPT_4O.rates.saved_by_cache(usage) == DOLLAR // 2
    assert Rates(2 * DOLLAR, None, None, 0).cost_of(usage) == 2 * DOLLAR


def test_a_price_that_is_not_known_is_never_nothing() -> None:
    """Where one rate is missing for something that was used, the cost is unknown; a price of 0 is one."""
    assert Rates(input=5).cost_of(Usage(10, 1, 0, "")) is None
    assert Rates(output=5).cost_of(Usage(10, 1, 0, "")) is None
    assert Rates(input=1_000_000).cost_of(Usage(10, 0, 0, "")) == 10
    assert Rates(0, None, None, 0).cost_of(Usage(10, 1, 0, "")) == 0
    assert PriceBook().price_of("stand-in", "127.0.0.1:1") is None


def test_sound_costs_by_the_minute_unless_tokens_are_reported_and_have_a_price() -> None:
    """As whisper-1 in the first case, and gpt-4o-transcribe in the second."""
    none, some = Usage(0, 0, 0, ""), Usage(1_000_000, 0, 0, "")
    assert Rates(minute=6_000_000).cost_of(none, 90_000) == 9_000_000
    assert Rates(minute=6_000_000).cost_of(some, 90_000) == 9_000_000
    assert Rates(input=DOLLAR, output=0, minute=6_000_000).cost_of(some, 90_000) == DOLLAR
    assert Rates(input=DOLLAR).cost_of(none, 90_000) is None


@given(
    st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 10**7), st.integers(0, 10**12), st.integers(0, 10**12)
)
def test_a_cost_is_exact_to_half_a_billionth(asked: int, said: int, cached: int, rate: int, dear: int) -> None:
    """Whatever is asked at whatever price."""
    rates = Rates(rate, rate // 10, None, dear)
    exact = (max(asked - cached, 0) * Fraction(rate) + min(asked, cached) * (rate // 10) + said * dear) / 10**6
    found = rates.cost_of(Usage(asked, said, cached, ""))
    assert found is not None
    assert abs(found - exact) <= Fraction(1, 2)


LISTED = [
    ("gpt-5-mini", "api.openai.com", 250_000_000),
    ("gpt-5-mini-2025-08-07", "api.openai.com", 250_000_000),
    ("gemini-2.5-pro", "generativelanguage.googleapis.com", 1_250_000_000),
    ("openai/gpt-5-mini", "openrouter.ai", 250_000_000),
]


@pytest.mark.parametrize(("model", "host", "rate"), LISTED)
def test_the_list_is_asked_by_the_model_and_by_who_serves_it(model: str, host: str, rate: int) -> None:
    """A version behind a name is the model's; what nobody knows has no price."""
    price = PriceBook().price_of(model, host)
    assert price
    assert price.rates.input == rate


def test_a_vendors_name_counts_at_that_vendor_alone() -> None:
    """The same weights on a machine of one's own cost something else, which nobody knows."""
    assert PriceBook().price_of("qwen/qwen3.8-27b", "api.groq.com")
    assert PriceBook().price_of("qwen/qwen3.8-27b", "localhost:11434") is None


def test_local_is_what_the_operator_says_is_local() -> None:
    """A host by its name, or with its port; the operator's own price goes over it."""
    book = PriceBook({"mine": GPT_4O}, ("gpu.example", "localhost:11434"))
    free = book.price_of("llama", "gpu.example:8000")
    assert free
    assert free.rates.cost_of(Usage(10, 10, 0, "")) == 0
    assert book.price_of("llama", "localhost:11434") == free
    assert book.price_of("llama", "localhost:8000") is None
    assert book.price_of("mine", "gpu.example") == GPT_4O


def test_a_long_prompt_and_another_tier_have_their_own_rates() -> None:
    """The step counts from the first token beyond it; an unknown tier costs what the usual one does."""
    price = PriceBook().price_of("gpt-5.5", "api.openai.com")
    assert price
    assert price.rates_for(Usage(272_000, 0, 0, "")).input == 5 * DOLLAR
    assert price.rates_for(Usage(272_001, 0, 0, "")).input == 10 * DOLLAR
    assert price.rates_for(Usage(10, 0, 0, "", tier="flex")).input == 2_500_000_000
    assert price.rates_for(Usage(10, 0, 0, "", tier="default")).input == 5 * DOLLAR


def test_the_list_says_from_when_and_from_whom_it_is() -> None:
    """Its notice stands in the file itself."""
    book = PriceBook()
    assert book.date_taken >= "2026-11-30"
    assert "Berri AI" in PriceBook()._file["notice"]  # noqa: SLF001 - what a reader of the file finds


USAGES = [
    ({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 4}}, Usage(10, 0, 4, "")),
    ({"prompt_tokens": 10, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6}, Usage(10, 0, 4, "")),
    (
        {"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 7}, "total_tokens": 9},
        Usage(0, 9, 0, "", reasoning_tokens=7),
    ),
    (
        {
            "prompt_tokens": 1,
            "completion_tokens": 2,
            "completion_tokens_details": {"reasoning_tokens": 7},
            "total_tokens": 10,
        },
        Usage(1, 9, 0, "", reasoning_tokens=7),
    ),
    ({"prompt_tokens": 1, "cost": 0.00125}, Usage(1, 0, 0, "", cost=1_250_000)),
    ({"prompt_tokens": 1, "cost": 0}, Usage(1, 0, 0, "", cost=0)),
    ({"prompt_tokens": 1, "cost": -1}, Usage(1, 0, 0, "")),
    ({"prompt_tokens": 1, "cost": True}, Usage(1, 0, 0, "")),
    ({"prompt_tokens": 1, "cost": float("nan")}, Usage(1, 0, 0, "")),
    ({"prompt_tokens": 9, "cache_creation_input_tokens": 3}, Usage(9, 0, 0, "", written_tokens=3)),
    ({"prompt_tokens": 1, "prompt_tokens_details": 3, "completion_tokens_details": []}, Usage(1, 0, 0, "")),
]


@pytest.mark.parametrize(("told", "read"), USAGES)
def test_a_report_is_read_in_the_shapes_that_endpoints_send(told: dict[str, object], read: Usage) -> None:
    """OpenAI's, DeepSeek's, xAI's, which counts reasoning beside the answer, and OpenRouter's with its cost."""
    assert read_usage({"usage": told}) == read
    assert read_usage({"usage": told, "service_tier": "flex"}) != read


def test_settings_that_say_no_price_or_no_cap_are_refused() -> None:
    """A cap says how much, a price is no negative number, and no name is invented."""
    for name, value in [
        ("prices", '{"m": {"inputs": 1}}'), ("prices", '{"m": {"input": -1}}'), ("caps", '[{"scope": "person"}]'),
        ("caps", '[{"scope": "person", "period": "day"}]'),
        ("caps", '[{"scope": "team", "period": "day", "answers": 1}]'),
        ("local_hosts", "http://localhost"),
    ]:  # fmt: skip
        with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
            SpendingSettings.model_validate({name: value})
