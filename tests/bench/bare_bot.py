"""The least that answers a mention: slack-bolt, one shared httpx client, one streamed model call, one post."""

import asyncio
import json
import os

import httpx
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.say.async_say import AsyncSay
from slack_sdk.web.async_client import AsyncWebClient


async def main() -> None:
    """Run until killed."""
    app = AsyncApp(client=AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))
    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=64), timeout=60)
    url, key = f"{os.environ['OPENAI_BASE_URL']}/chat/completions", os.environ["OPENAI_API_KEY"]

    @app.event("app_mention")
    async def mentioned(event: dict[str, str], say: AsyncSay) -> None:
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": event["text"]}]
        body = {"model": os.environ["OPENAI_MODEL"], "messages": messages, "stream": True}
        text = ""
        async with client.stream("POST", url, json=body, headers={"Authorization": f"Bearer {key}"}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    choices = json.loads(line[6:])["choices"]
                    text += choices[0]["delta"].get("content") or "" if choices else ""
        await say(text, thread_ts=event.get("thread_ts", event["ts"]))

    @app.event("message")
    async def heard() -> None:
        """Acknowledge the other event of each mention, which Slack would else send again."""

    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start_async()  # type: ignore[no-untyped-call] # the SDK's


asyncio.run(main())
