"""Takes the life out of what a model must not do in Slack: ping people, or send them elsewhere than a link says.

Slack reads its own `<…>` tokens in a markdown block as in any text. Entities would keep them from being read, but
are not decoded in code (PostHog/posthog#95054 measured the first), so an invisible word joiner goes in instead, and
only where something would come to life.
"""

import re

JOINER = "\u2060"
MENTION = re.compile(r"<(?=!\s*(?:channel|here|everyone|group|subteam|date)|[@#][\w.-]+\s*[|>])", re.IGNORECASE)


def neutralise(markdown: str) -> str:
    """Return the text with mentions, broadcasts and disguised links made harmless. Twice is the same as once."""
    return MENTION.sub(f"<{JOINER}", markdown)
