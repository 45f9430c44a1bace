"""What servers say of a model that takes no tools, and a request without any.

Seen at Ollama, vLLM, llama.cpp, OpenRouter, OpenAI, Azure, Groq, Bedrock, Gemini, Mistral, TGI and their like.
"""

import re2

from core.llm.request import Body, word_calls

OF_TOOLS = {"tools", "tool_choice", "parallel_tool_calls"}
TOOL = r"(?:tools?|tool[ _-](?:us(?:e|age)|choice|call(?:s|ing)?)|function[ _-]?call(?:s|ing)?)"
DENIED = r"(?:(?:not|n't)(?: yet| currently)? (?:supported|enabled|available|allowed|implemented)|unsupported)"
TOOL_CHOICE = re2.compile(r"\btool_choice\b")
NO_TOOLS_TAKEN = re2.compile(
    rf"(?:not|n't)(?: yet| currently)? support (?:\w+ ){{0,3}}['\"`]?{TOOL}\b"
    rf"|\b{TOOL}\b['\"`]?(?: \w+){{0,4}} (?:is|are|has|have)(?: currently| been)? ?{DENIED}"
    rf"|no (?:endpoints|providers?|models?) [\w ]{{0,30}}support {TOOL}"
    r"|(?:unsupported|unrecogni[sz]ed|unknown|unexpected)[ \w:]{0,40}['\"`]?\btools\b"
    r"|\btools\b[^.]{0,20}(?:inputs are|fields) not permitted"
    r"|requires? --(?:enable-auto-tool-choice|jinja)|tools param requires"
)


def without_tools(body: Body) -> Body:
    """Return a request that offers none, in which what was called before is told in words."""
    rest = {name: value for name, value in body.items() if name not in OF_TOOLS}
    return {**rest, "messages": word_calls(body["messages"])}
