"""The bot's own pages: who is told what, that nothing on them can run, and that they say what the ledger holds."""

import asyncio
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import httpx
from hypothesis import given
from hypothesis import strategies as st

from bots.pages.plots import HEIGHT, Series, plot_days, plot_shares
from tests.support.pages import CHANNEL, KEY, NASTY, PERSON, PICTURE, served_pages

ATTRIBUTES = {"src", "href", "action"}


class Markup(HTMLParser):
    """What a page is made of: its elements, and each attribute with its value."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


async def test_sums_are_for_all_and_what_names_people_for_who_has_the_key(tmp_path: Path) -> None:
    """A wrong key is none; where none is set, nobody has it, not even who gives an empty one."""
    async with served_pages(tmp_path) as address, httpx.AsyncClient(base_url=address) as client:
        for given_key in ("", "?key=", "?key=wrong", f"?key={KEY}x", "?key=%ff%fe"):
            spent = await client.get(f"/usage{given_key}")
            assert (spent.status_code, PERSON in spent.text, CHANNEL in spent.text) == (200, False, False)
            for path in ("/sources", "/personas"):
                refused = await client.get(f"{path}{given_key}")
                assert (refused.status_code, PERSON in refused.text, "Brine" in refused.text) == (403, False, False)
            assert (await client.get(f"/personas/picture{given_key}")).status_code == 404
        for path, told in (("/usage", PERSON), ("/sources", CHANNEL), ("/personas", "Brine")):
            shown = await client.get(path, params={"key": KEY})
            assert (shown.status_code, told in shown.text) == (200, True)
    async with served_pages(tmp_path / "other", "") as address, httpx.AsyncClient(base_url=address) as client:
        assert (await client.get("/sources?key=")).status_code == 403
        assert PERSON not in (await client.get("/usage?key=")).text


async def test_nothing_on_a_page_runs_or_comes_from_elsewhere(tmp_path: Path) -> None:
    """Whatever a model, a file or a persona is called, and whatever is searched for."""
    pages = ("/usage", "/usage?days=7&show=tokens", "/usage?days=<b>&show=<b>", "/sources", "/personas?words=<script>")
    async with served_pages(tmp_path) as address, httpx.AsyncClient(base_url=address) as client:
        for path in pages:
            answer = await client.get(path, params={"key": KEY, **dict(httpx.URL(path).params)})
            found = Markup(answer.text)
            assert not {"script", "iframe", "b>"} & set(found.elements)
            assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]
            links = [value for name, value in found.attributes if name in ATTRIBUTES]
            assert links
            assert all(link.startswith(("/", "data:,")) for link in links)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert NASTY not in answer.text


async def test_the_page_says_what_the_ledger_holds(tmp_path: Path) -> None:
    """Of the days that are asked for; what is only reserved counts for nothing, and an unknown price is said."""
    async with served_pages(tmp_path) as address, httpx.AsyncClient(base_url=address) as client:
        whole = (await client.get("/usage", params={"key": KEY})).text
        for told in ("$0.0780", "40 calls", "25 %", "saved $0.0400", "The price of 1 calls is not known", "gpt-4o"):
            assert told in whole
        week = (await client.get("/usage", params={"key": KEY, "days": "7", "show": "calls"})).text
        assert re.search(r"1[34] calls", week)
        found = (await client.get("/personas", params={"key": KEY, "words": "pirate"})).text
        assert "Captain Brine" in found
        assert found.count("<li>") == 1
        (picture,) = re.findall(r'<img src="([^"]+)"', found)
        assert (await client.get(picture.replace("&amp;", "&"))).content == PICTURE
        files = (await client.get("/sources", params={"key": KEY})).text
        assert [files.count(f'class="state {state}"') for state in ("indexed", "waiting", "failed")] == [1, 1, 1]
        assert "What was said: 2 exchanges" in files


async def test_pages_are_read_one_after_another(tmp_path: Path) -> None:
    """Who asks for many at once takes no more of the bot than who asks for one."""
    reading = asyncio.Lock()
    async with served_pages(tmp_path, reading=reading) as address, httpx.AsyncClient(base_url=address) as client:
        async with reading:
            asked = [asyncio.create_task(client.get(f"{path}?key={KEY}")) for path in ("/usage", "/personas")]
            await asyncio.wait(asked, timeout=0.2)
            assert not any(each.done() for each in asked)
        assert [each.status_code for each in await asyncio.gather(*asked)] == [200, 200]


@given(st.lists(st.lists(st.integers(0, 10**15), min_size=3, max_size=3), max_size=90))
def test_bars_stay_within_their_plot(values: Sequence[Sequence[int]]) -> None:
    """However few or many days there are, and however far their numbers lie apart."""
    days = [f"2026-01-{number:02}" for number in range(len(values))]
    series = [Series(f"s{at}", f"c{at}", [day[at] for day in values]) for at in range(3)]
    drawn = plot_days("All", days, series, str)
    bars = re.findall(r'y="([-\d.]+)" width="[\d.]+" height="([\d.]+)"', drawn)
    assert len(bars) >= sum(any(row) for row in values)
    for top, height in bars:
        assert -0.2 <= float(top) <= float(top) + float(height) <= HEIGHT + 0.2
    assert drawn.count("<title>") == len(days)
    shares = plot_shares("By day", [(day, sum(row)) for day, row in zip(days, values, strict=True)], str)
    widths = re.findall(r'class="one" width="([\d.]+)"', shares)
    assert bool(widths) == any(map(any, values))
    assert all(float(width) <= 100 for width in widths)
