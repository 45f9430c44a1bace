"""The least that answers a mention in Discord: discord.py, one shared httpx client, one streamed call, one reply."""

import json
import os

import discord
import httpx
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

Route.BASE = os.environ["DISCORD_API_URL"]
answer = httpx.get(f"{Route.BASE}/gateway/bot", headers={"Authorization": f"Bot {os.environ['DISCORD_TOKEN']}"})
DiscordWebSocket.DEFAULT_GATEWAY = URL(answer.json()["url"])
client = discord.Client(intents=discord.Intents(guilds=True, guild_messages=True))
model = httpx.AsyncClient(limits=httpx.Limits(max_connections=64), timeout=60)
url, key = f"{os.environ['OPENAI_BASE_URL']}/chat/completions", os.environ["OPENAI_API_KEY"]


@client.event
async def on_message(message: discord.Message) -> None:
    """Answer a mention under it."""
    if client.user not in message.mentions or message.author == client.user:
        return
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": message.content}]
    body = {"model": os.environ["OPENAI_MODEL"], "messages": messages, "stream": True}
    text = ""
    async with model.stream("POST", url, json=body, headers={"Authorization": f"Bearer {key}"}) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                choices = json.loads(line[6:])["choices"]
                text += choices[0]["delta"].get("content") or "" if choices else ""
    if os.environ["CONFAB_DISCORD_THREADS"] == "true":
        await (await message.create_thread(name="Answer")).send(text)
    else:
        await message.reply(text)


client.run(os.environ["DISCORD_TOKEN"], log_handler=None)
