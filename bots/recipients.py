"""Who is sent what by these settings, and for which purpose: an endpoint each, as `privacy` tells of them."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from bots.settings import Settings
from bots.voice import transcribers
from core.privacy.statement import Endpoint
from core.privacy.training import training_note
from core.tools.mcp.servers import McpServer, read_servers
from core.tools.web_search import search_address

HERE = "this machine"
QUESTION = "the words of the question"
SOURCES_SENT = "what the model asks them for, which it may take from what is said"


def recipients_of(settings: Settings, environ: Mapping[str, str]) -> Iterator[Endpoint]:
    """Yield everybody to whom anything is sent, beside the platforms themselves; raises SettingsError.

    `environ` is what files of settings take variables from.
    """
    yield from _models_of(settings)
    yield from _transcribers_of(settings)
    yield from _finders_of(settings)
    yield from _tools_of(settings, environ)


def _host_of(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _models_of(settings: Settings) -> Iterator[Endpoint]:
    model = settings.model
    host = HERE if model.local_model else model.host
    named = {
        model.model,
        *settings.preferences.models,
        *(each.model for each in settings.conversations.list_policies()),
    } - {""}
    notes = (training_note(host, name, model.extra_body) for name in sorted(named))
    note = next(filter(None, notes), "")
    asked = "what you ask, what stood around it, the text of files, and pictures"
    yield Endpoint("to answer, and to summarise long conversations", asked, host, note)
    yield from _moderators_of(settings, host, note)


def _moderators_of(settings: Settings, model_host: str, note: str) -> Iterator[Endpoint]:
    """Yield who checks what is said; where it shows at the start only, who may."""
    checkers, url = set(settings.moderation.checkers), settings.moderation.url
    sent, purpose = "questions, answers and what stands around them", "to check whether they are harmful"
    if checkers & {"auto", "endpoint"}:
        yield Endpoint(purpose, sent, _host_of(url) if url else model_host, "" if url else note)
    if "judge" in checkers or ("auto" in checkers and url):
        yield Endpoint(purpose, sent, model_host, note)


def _transcribers_of(settings: Settings) -> Iterator[Endpoint]:
    has_local = bool(settings.transcription.local_whisper)
    if has_local:
        yield Endpoint("to be written down", "recordings", HERE)
    listed = transcribers(settings.transcription, settings.model, has_local=has_local)
    for place in dict.fromkeys(_host_of(each.base_url) for each in listed):
        yield Endpoint("to be written down", "recordings", place)


def _finders_of(settings: Settings) -> Iterator[Endpoint]:
    """Yield who helps to find what people share, where anything is taken in at all."""
    knowledge, model = settings.knowledge, settings.model
    if all(each.knowledge == "off" for each in settings.conversations.list_policies()):
        return
    if knowledge.embeddings_model:
        host = _host_of(knowledge.embeddings_base_url) or model.host
        note = training_note(host, knowledge.embeddings_model, {})
        yield Endpoint("to find them by their meaning", "the text of files, and questions about them", host, note)
    if knowledge.rerank_url:
        yield Endpoint(
            "to put them in order", "passages, and the question they may answer", _host_of(knowledge.rerank_url)
        )


def _tools_of(settings: Settings, environ: Mapping[str, str]) -> Iterator[Endpoint]:
    tools = settings.tools
    if tools.can_search_web and any("web_search" in each.tools for each in settings.conversations.list_policies()):
        yield Endpoint("to search the web", QUESTION, _host_of(search_address(tools)))
    for server in read_servers(tools.mcp, environ):
        yield Endpoint("as a source of tools", SOURCES_SENT, _place_of(server))
    for place in tools.openapi:
        yield Endpoint("as a source of tools", SOURCES_SENT, _host_of(place) or f"whom {place} names")


def _place_of(server: McpServer) -> str:
    return _host_of(server.url) or f"{server.name}, a program on {HERE}"
