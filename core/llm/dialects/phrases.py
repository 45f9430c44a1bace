"""What endpoints say when they do not answer, and the error that each of their phrases means.

The phrases are those of the servers that docs/endpoints.md names, as they send them.
"""

import re2

from core.errors import (
    AnswerLimitTooLarge,
    ContentFiltered,
    ContextOverflow,
    EndpointFailing,
    MissingParameter,
    ModelError,
    NoQuota,
    NotAChatModel,
    RateLimited,
    RefusedRequest,
    UnknownModel,
    WrongKey,
    WrongPath,
)
from core.llm.errors import DailyLimit
from core.llm.overflow import ANSWER_LIMIT, OTHER_OVERFLOW, OVERFLOW

UNTOLD = 0  # the status of an error in a stream, or in a body of 200, that tells none

NO_PATH = re2.compile(
    r"invalid url|to an https server|to https port|unknown request url|no route|cannot post"
    r"|unexpected endpoint|unknown endpoint|endpoint (?:is )?not (?:found|supported)"
    r"|(?:url|route|path|page) not found|unknown (?:path|route)|^\W*(?:404\W+)?not found\W*$"
)
NOT_CHAT = re2.compile(
    r"not a chat model|does not support chat|use v1/completions|only supported in v1/responses"
    r"|must provide a chat template|chat template is no longer allowed"
)
TOO_LARGE_AT_ONCE = re2.compile(r"request too large for")  # OpenAI and Groq: more tokens than fit into one minute
FILTERED = re2.compile(
    r"content_filter|content_policy|responsibleai|content management policy|\bflagged\b|moderation|safety system"
    r"|usage (?:polic|guideline)|content exists risk|inappropriate content|data_?inspection|high risk"
    r"|(?:unsafe|sensitive|prohibited|harmful)[ _]?(?:or \w+ )?(?:content|information|words?)|new_sensitive"
    r"|violat\w* .{0,30}(?:terms of|acceptable use|polic|guideline|standards)|(?:policy|guidelines?"
    r"|standards) violation"
    r"|(?:prompt injection|jailbreak|nsfw|\bpii\b).{0,20}(?:detect|attempt)|\bunsafe\b"
    r"|due to .{0,20}safety|content safety"
    r"|safety (?:reason|filter|check|polic)|\x{8fdd}\x{89c4}|\x{4e0d}\x{5408}\x{89c4}"  # against rules, in Chinese
    r"|content violat|guardrail|content\b.{0,60}\bblocked|blocked by .{0,20}(?:policy|filter)|\x{654f}\x{611f}"
)
PER_DAY = re2.compile(
    r"(?:per|/|\ba|\beach|\bevery)[ _-]?(?:day|86400|24 ?h)|byday\b|\brpd\b|\btpd\b"
    r"|daily .{0,20}(?:limit|quota|request|token)"
)
# Gemini words its limits by the minute as a quota, too; what is told to wait is no bill.
PER_MINUTE = re2.compile(r"per[ _-]?(?:minute|second|hour)|\brpm\b|\btpm\b|retry in [0-9]")
QUOTA = re2.compile(
    r"insufficient_quota|exceeded (?:your )?current quota|insufficient (?:credit|balance|funds|quota)|credit balance"
    r"|(?:out of|no|more) credits?\b|billing_hard_limit|hard limit|spend(?:ing)? limit|payment required|arrear|overdue"
    r"|free ?tier\b.{0,60}exhausted|freetieronly|\x{6b20}\x{8d39}"  # DashScope; Zhipu: in arrears
    r"|balance\b.{0,20}(?:insufficient|not enough|too low|exhausted)|credits? .{0,12}(?:depleted"
    r"|exhausted|used up)|\btop up\b"
    r"|monthly .{0,30}(?:limit|quota|credit|allowance)|free allocated quota|out of (?:tokens|funds)"
    r"|\x{4f59}\x{989d}\x{4e0d}\x{8db3}"
    r"|exceeded_current_quota|account\b.{0,40}\bsuspended|budget_exceeded|budget has been exceeded"
)
KEY = re2.compile(
    r"invalid_api_key|(?:api[ _-]?key|access token|credentials?)\b.{0,60}\b(?:invalid|not valid|incorrect|expired"
    r"|missing|required|revoked|disabled)"
    r"|\b(?:invalid|incorrect|missing|no|expired) (?:api[ _-]?key|access token|credentials?)"
    # LiteLLM's proxy, of a key that is not its master key, and of none for the server behind it
    r"|malformed api[ _-]?key|no connected db|invalid proxy server token|virtual key expected|token_not_found_in_db"
    r"|expired[ _]key|api_key client option|^\W*unauthori[sz]ed\b"
)
MODEL = re2.compile(
    r"model_not_found|invalid_model|model_decommissioned|deploymentnotfound|no endpoints found"
    r"|access (?:to )?(?:the )?model|(?:unknown|invalid|no such|supported) model\b|not a valid model"
    r"|no models? (?:is |are )?(?:loaded|found)|failed to load model"
    r"|model identifier|on-demand throughput|function '[^']*': not found for account"  # Bedrock, NVIDIA
    r"|llm provider not provided|no healthy deployment|requested model is not supported"  # LiteLLM, Copilot
    r"|\x{6a21}\x{578b}.{0,10}\x{4e0d}\x{5b58}\x{5728}"  # there is no such model, in Chinese
    r"|(?:model|deployment)s?\b.{0,100}?(?:not found|not exist|n't exist|not available|not loaded|is unknown"
    r"|decommissioned|no longer available|deprecated|shut down|been removed|failed to load)"
)
ANY_MODEL = re2.compile(r"\bmodel\b|\bdeployment\b")
REGION = re2.compile(r"country|region|territory")
MISSING = re2.compile(r"missing_required|missing required|you must provide|field required|is required|required paramet")
# Bedrock's limits come with 400 through some gateways, and its tokens are those of a minute.
THROTTLED_PER_DAY = re2.compile(r"too many tokens per day")
THROTTLED = re2.compile(r"throttlingexception|too many (?:tokens|requests), please wait")
SPEED = re2.compile(r"rate.?limit|rate exceeded|resource.?exhausted|quota|too many requests|throttl")
# A gateway's 400 or 404 for what went wrong behind it.
FAILING = re2.compile(
    r"temporarily unavailable|service unavailable|internal server error|overloaded|bad gateway"
    r"|upstream .{0,20}(?:error|time)"
    r"|connection (?:error|reset|refused)|timed out|model is (?:still |currently )?loading|provider returned error"
)
INVALID = re2.compile(r"invalid_request")

# In this order: what is more particular stands before what is more general.
PHRASES: tuple[tuple[type[ModelError], frozenset[int], re2._Regexp], ...] = (
    (WrongPath, frozenset({UNTOLD, 400, 404, 405}), NO_PATH),
    (NotAChatModel, frozenset({UNTOLD, 400, 404, 422, 500}), NOT_CHAT),
    (DailyLimit, frozenset({UNTOLD, 400, 429}), THROTTLED_PER_DAY),
    (RateLimited, frozenset({UNTOLD, 400, 429}), THROTTLED),
    (ContextOverflow, frozenset({UNTOLD, 400, 403, 404, 413, 422, 500}), OVERFLOW),
    (ContextOverflow, frozenset({UNTOLD, 413, 429}), TOO_LARGE_AT_ONCE),
    (AnswerLimitTooLarge, frozenset({UNTOLD, 400, 422}), ANSWER_LIMIT),
    (ContentFiltered, frozenset({UNTOLD, 400, 403, 422, 451}), FILTERED),
    (DailyLimit, frozenset({UNTOLD, 429}), PER_DAY),
    (RateLimited, frozenset({UNTOLD, 429}), PER_MINUTE),
    (NoQuota, frozenset({UNTOLD, 400, 402, 403, 429}), QUOTA),
    (WrongKey, frozenset({UNTOLD, 400, 403, 500}), KEY),
    (UnknownModel, frozenset({UNTOLD, 400, 401, 403, 404, 410, 422}), MODEL),
    (UnknownModel, frozenset({404}), ANY_MODEL),
    (RefusedRequest, frozenset({403}), REGION),
    (MissingParameter, frozenset({400, 422}), MISSING),
    (RateLimited, frozenset({UNTOLD}), SPEED),
    (ContextOverflow, frozenset({UNTOLD, 400, 413, 422, 500}), OTHER_OVERFLOW),
    (RefusedRequest, frozenset({UNTOLD}), INVALID),
    (EndpointFailing, frozenset({400, 404}), FAILING),
)
STATUSES: dict[int, type[ModelError]] = {
    UNTOLD: EndpointFailing,
    401: WrongKey,
    402: NoQuota,
    403: WrongKey,
    404: WrongPath,
    405: WrongPath,
    408: EndpointFailing,
    409: EndpointFailing,
    413: ContextOverflow,
    424: EndpointFailing,  # TGI: the model behind it failed
    425: EndpointFailing,
    429: RateLimited,
    498: EndpointFailing,  # Groq: no capacity in the flex tier
    499: EndpointFailing,
}


def error_meant(status: int, words: str) -> type[ModelError]:
    """Return the error that a refusal means, by its words first and by its status where they say nothing."""
    for error, statuses, phrase in PHRASES:
        if status in statuses and phrase.search(words):
            return error
    if status >= 500:
        return EndpointFailing
    if 300 <= status < 400:
        return WrongPath
    return STATUSES.get(status, RefusedRequest)
