"""What the stand-in endpoint refuses, as a table: rule, status, error code, and the test that sees it refused."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from deploy.sandbox.openai import checks as check
from deploy.sandbox.openai import parameters as parameter
from deploy.sandbox.openai import tools as tool
from deploy.sandbox.openai.checks import Asked, Broken
from deploy.sandbox.openai.replies import Fault, error


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is refused, and the name of the test in tests/sandbox/test_model.py that sees it."""

    name: str
    status: int
    code: str | None
    test: str
    check: Callable[[Asked], Broken | None]

    def refuse(self, asked: Asked) -> Fault | None:
        """Return the refusal, or None where the rule is kept."""
        broken = self.check(asked)
        if broken is None:
            return None
        return Fault(self.status, error(broken.message, "invalid_request_error", self.code, broken.param))


def picture(name: str, code: str, test: str) -> Rule:
    """Return a rule about each picture."""
    return Rule(name, 400, code, test, partial(check.image, code))


# In the order in which they are looked at: a later rule may rely on the earlier ones.
RULES: tuple[Rule, ...] = (
    Rule("a model is named", 400, None, "test_a_body_without_a_model_is_refused", check.no_model),
    Rule("the model exists", 404, "model_not_found", "test_an_unknown_model_is_refused", check.unknown_model),
    Rule("the model can chat", 404, None, "test_a_completions_model_is_refused", check.completions_only),
    Rule("there are messages", 400, "missing_required_parameter", "test_no_messages_are_refused", check.no_messages),
    Rule("messages hold something", 400, "empty_array", "test_an_empty_prompt_is_refused", check.empty_messages),
    Rule("roles are known", 400, "invalid_value", "test_an_unknown_role_is_refused", check.role),
    Rule("content is text or parts", 400, "invalid_type", "test_content_that_is_a_number_is_refused", check.content),
    Rule("parts are known", 400, "invalid_value", "test_an_unknown_part_is_refused", check.part),
    Rule("the model sees", 400, None, "test_a_model_that_reads_text_alone_refuses_a_picture", check.image_input),
    picture("picture has an address", "invalid_image_url", "test_a_picture_elsewhere_is_refused"),
    picture("pictures are in base64", "invalid_base64", "test_a_picture_that_is_not_in_base64_is_refused"),
    picture("pictures are pictures", "invalid_image_format", "test_what_is_no_picture_is_refused"),
    Rule("pictures in all", 400, "image_too_large", "test_too_many_bytes_of_pictures_are_refused", check.image_bytes),
    Rule("tools are functions", 400, None, "test_a_tool_without_a_name_is_refused", tool.offered),
    Rule("a choice needs tools", 400, None, "test_a_choice_without_tools_is_refused", tool.choice),
    Rule("a model without tools", 400, None, "test_a_model_without_tools_refuses_them", tool.no_tools),
    Rule("calls are calls", 400, "missing_required_parameter", "test_a_call_without_a_function_is_refused", tool.calls),
    Rule("results have calls", 400, None, "test_a_result_without_its_call_is_refused", tool.results),
    Rule("calls have results", 400, None, "test_a_call_without_its_result_is_refused", tool.missing_results),
    Rule("names are plain", 400, "invalid_value", "test_a_name_with_a_space_is_refused", check.name),
    Rule(
        "parameters are known",
        400,
        "unknown_parameter",
        "test_an_unknown_parameter_is_refused",
        parameter.unknown_parameter,
    ),
    Rule("numbers are numbers", 400, "invalid_type", "test_a_limit_that_is_text_is_refused", parameter.number_type),
    Rule(
        "numbers are not too large",
        400,
        "decimal_above_max_value",
        "test_a_temperature_of_3_is_refused",
        parameter.too_large,
    ),
    Rule(
        "numbers are not too small", 400, "integer_below_min_value", "test_a_limit_of_0_is_refused", parameter.too_small
    ),
    Rule("four stops at most", 400, "array_above_max_length", "test_five_stops_are_refused", parameter.stop),
    Rule("biases are in range", 400, "invalid_value", "test_a_bias_of_101_is_refused", parameter.logit_bias),
    Rule("one limit", 400, "invalid_parameter_combination", "test_two_limits_are_refused", parameter.both_limits),
    Rule(
        "options need a stream", 400, None, "test_stream_options_without_a_stream_are_refused", parameter.stream_options
    ),
    Rule("an old endpoint", 400, None, "test_an_old_endpoint_refuses_stream_options", parameter.old_endpoint),
    Rule(
        "reasoning: parameters",
        400,
        "unsupported_parameter",
        "test_reasoning_refuses_a_limit",
        parameter.reasoning_parameter,
    ),
    Rule(
        "reasoning: values", 400, "unsupported_value", "test_reasoning_refuses_a_temperature", parameter.reasoning_value
    ),
    Rule("effort needs reasoning", 400, None, "test_an_effort_without_reasoning_is_refused", parameter.no_effort),
    Rule("no system role", 400, None, "test_a_strict_template_refuses_the_system_role", check.system_role),
    Rule("roles alternate", 400, None, "test_a_strict_template_refuses_two_users_in_a_row", check.alternate),
    Rule("the window", 400, "context_length_exceeded", "test_a_prompt_beyond_the_window_is_refused", check.window),
)


def refused(asked: Asked) -> Fault | None:
    """Return the refusal of the first rule that a request breaks, or None."""
    return next((fault for rule in RULES if (fault := rule.refuse(asked))), None)
