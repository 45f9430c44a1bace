"""What the pretend Discord answers holds what Discord's official description (its OpenAPI document) requires."""

from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest
from discord.http import Route

from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.payloads import OBFUSCATED
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import ADA, BOT_USER, GENERAL, GRACE, GUILD, LINUS, LOUNGE
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_discord import Ear, Event, connected

# The `required` lists of the description's schemas, by the path of the object within an answer.
USER = "id username avatar discriminator public_flags flags global_name primary_guild"
MEMBER = "avatar banner communication_disabled_until flags joined_at nick pending premium_since roles user mute deaf"
MESSAGE = (
    "type content mentions mention_roles attachments embeds timestamp edited_timestamp flags components id channel_id "
    "author pinned mention_everyone tts"
)
GUILD_OBJECT = (
    "id name icon description home_header splash discovery_splash features banner owner_id application_id region "
    "afk_channel_id afk_timeout system_channel_id system_channel_flags widget_enabled widget_channel_id "
    "verification_level roles default_message_notifications mfa_level explicit_content_filter max_presences "
    "max_members max_stage_video_channel_users max_video_channel_users vanity_url_code premium_tier "
    "premium_subscription_count preferred_locale rules_channel_id safety_alerts_channel_id public_updates_channel_id "
    "premium_progress_bar_enabled nsfw nsfw_level emojis stickers incidents_data"
)
APPLICATION = (
    "id name icon description type verify_key flags flags_new redirect_uris interactions_endpoint_url "
    "role_connections_verification_url owner approximate_guild_count approximate_user_install_count "
    "approximate_user_authorization_count explicit_content_filter team eligible_oauth2_scopes"
)
REQUIRED = {
    "/users/@me": f"{USER} mfa_enabled locale",
    f"/users/{ADA}": USER,
    "/users/@me/guilds": "id name icon banner owner permissions features",
    "/applications/@me": APPLICATION,
    "/gateway/bot": "url session_start_limit shards",
    f"/guilds/{GUILD}": GUILD_OBJECT,
    f"/guilds/{GUILD}/members/{ADA}": MEMBER,
    f"/guilds/{GUILD}/channels": "id type flags guild_id name position",
    f"/guilds/{GUILD}/threads/active": "threads members has_more",
    f"/channels/{GENERAL}": "id type flags guild_id name position",
    f"/channels/{GENERAL}/messages": MESSAGE,
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test."""
    async with serve() as running:
        yield running


@pytest.fixture
def guild(sandbox: Sandbox) -> Guild:
    """The guild of that sandbox."""
    return sandbox.guild


@pytest.fixture
async def ear(sandbox: Sandbox) -> AsyncIterator[Ear]:
    """A client that hears and calls."""
    async with connected(sandbox) as client:
        yield client


def without(shown: Event, required: str) -> set[str]:
    """Return the required fields that an object lacks."""
    return set(required.split()) - shown.keys()


@pytest.mark.parametrize("path", REQUIRED)
async def test_no_required_field_is_missing(guild: Guild, ear: Ear, path: str) -> None:
    """Of what a bot reads over REST; where it is a list, of each object in it."""
    await guild.say(GENERAL, "Hello")
    answer = await ear.http.request(Route("GET", path))
    for shown in answer if isinstance(answer, list) else [answer]:
        assert without(shown, REQUIRED[path]) == set()


async def test_authors_and_roles_are_whole_too(guild: Guild, ear: Ear) -> None:
    """Also inside other objects, and at the gateway."""
    await guild.say(GENERAL, f"<@{BOT_USER}>")
    await guild.until(lambda: ear.events("MESSAGE_CREATE"))
    [message] = ear.events("MESSAGE_CREATE")
    role = "id name permissions position color colors hoist managed mentionable icon unicode_emoji flags"
    assert without(message["author"], USER) == without(message["mentions"][0], USER) == set()
    assert without(ear.events("GUILD_CREATE")[0]["roles"][0], role) == set()


async def test_components_are_numbered(guild: Guild, ear: Ear) -> None:
    """Counted on from one, down to the innermost; a number that the bot gave stays."""
    view = discord.ui.View(timeout=None)
    for label in ("one", "two"):
        view.add_item(discord.ui.Button(label=label, custom_id=label))
    await ear.place().send("Which?", view=view)
    [row] = guild.posts(GENERAL)[0].components
    assert [row["id"], *(each["id"] for each in row["components"])] == [1, 2, 3]


async def test_members_of_a_thread_are_listed_in_pages(guild: Guild, ear: Ear) -> None:
    """Those after an id, up to a limit, with their member objects where they are asked for."""
    thread = await guild.open_thread(GENERAL, "Plans")
    await guild.say(thread, f"<@{GRACE}> <@{LINUS}>")
    path = f"/channels/{thread}/thread-members"
    first = await ear.http.request(Route("GET", path), params={"limit": 2})
    then = await ear.http.request(Route("GET", path), params={"after": GRACE, "with_member": "true"})
    assert [each["user_id"] for each in first] == [ADA, GRACE]
    assert [each["member"]["user"]["id"] for each in then] == [LINUS]


@pytest.mark.parametrize(("code", "wait"), [(20028, 600.0), (30034, 3600.0)])
async def test_a_429_can_be_long_and_says_all_that_a_real_one_says(guild: Guild, code: int, wait: float) -> None:
    """Body and headers, so that a client knows how long, of which bucket, and that it is no ban."""
    guild.faults.codes["create_message"], guild.faults.code_wait = [code], wait
    headers = {"Authorization": f"Bot {guild.token}"}
    url = f"{guild.url}/discord/api/v10/channels/{GENERAL}/messages"
    async with aiohttp.ClientSession() as session, session.post(url, json={}, headers=headers) as response:
        body = await response.json()
    assert (response.status, body["code"], body["retry_after"], body["global"]) == (429, code, wait, False)
    assert float(response.headers["Retry-After"]) >= wait
    for name in ("Limit", "Remaining", "Reset", "Reset-After", "Bucket", "Scope"):
        assert response.headers[f"X-RateLimit-{name}"]
    assert response.headers["Via"]


async def test_a_channel_that_is_not_seen_is_hidden_at_the_gateway_and_left_out_of_rest(guild: Guild, ear: Ear) -> None:
    """Its name and its fields come with the right to see it, and go with it."""
    before = {each["id"]: each for each in ear.events("GUILD_CREATE")[0]["channels"]}
    listed = await ear.http.request(Route("GET", f"/guilds/{GUILD}/channels"))
    await guild.permit(LOUNGE)
    await guild.permit(LOUNGE, deny=Permission.VIEW_CHANNEL)
    await guild.until(lambda: len(ear.events("CHANNEL_UPDATE")) == 2)
    names = [before[LOUNGE]["name"], *(each["name"] for each in ear.events("CHANNEL_UPDATE"))]
    assert names == ["___hidden___", "lounge", "___hidden___"]
    assert before[LOUNGE]["flags"] == OBFUSCATED
    assert LOUNGE not in {each["id"] for each in listed}


async def test_the_gateway_lists_odd_channels_as_they_stand(sandbox: Sandbox, guild: Guild) -> None:
    """What a library cannot read costs it more than that channel; the sandbox can send it."""
    odd = {"id": "1200000000000000999", "type": 2, "name": "___hidden___", "position": 1, "flags": OBFUSCATED}
    guild.gateway.identify_interval = 0.0
    guild.roster.odd_channels.append({**odd, "bitrate": None, "permission_overwrites": []})
    async with connected(sandbox) as ear:
        assert ear.events("GUILD_CREATE")[0]["channels"][-1]["bitrate"] is None
