"""Takes the life out of what a model must not do in Slack: ping people, or send them elsewhere than a link says.

Slack reads its own `<…>` tokens in a markdown block as in any text (PostHog/posthog#95054 measured it). Entities
would stop that, but Markdown does not decode them in code. So an invisible word joiner is put in, and only where
something would come to life.
"""

import re

from bots.markdown.disguised_links import JOINER, escape_links, follows_bracket
from bots.markdown.link_spoofing import is_disguise

MENTION = re.compile(r"<(?=!\s*(?:channel|here|everyone|group|subteam|date)|[@#][\w.-]+\s*[|>])", re.IGNORECASE)
SLACK_LINK = re.compile(r"<(?P<target>[^<>|\s@#!\u2060][^<>|\s]*)\|(?P<label>[^<>]*)>")


def escape_mentions(markdown: str) -> str:
    """Return the text with mentions, broadcasts and disguised links made harmless. Twice is the same as once."""
    text = SLACK_LINK.sub(_defuse_slack_link, escape_links(markdown))
    return MENTION.sub(f"<{JOINER}", text)  # last, as taking a link apart may have brought `<` and `!` together


def _defuse_slack_link(link: re.Match[str]) -> str:
    """Return one of Slack's own links, taken apart if it is a disguise; the brackets stay, lest they pair anew."""
    label, target = link["label"], link["target"]
    if not is_disguise(label, target):
        return link[0]
    return f"{JOINER if follows_bracket(link) else ''}{label} (<{target}>)"
