"""What a person is in one of a workspace's channels, asked of Slack at that moment."""

from bots.slack.people import DisplayNames
from core.messages import Standing
from core.preferences.preferences import Preferences


async def fetch_standing(
    people: DisplayNames, preferences: Preferences, workspace: str, channel: str, person: str
) -> Standing:
    """Return whether a person may set what holds in a channel; without one, as in the App Home, they are alone."""
    if not channel or channel.startswith("D"):
        return "alone"
    is_named = preferences.is_named_administrator(person)
    return "administrator" if is_named or await people.is_administrator(person, workspace) else "member"
