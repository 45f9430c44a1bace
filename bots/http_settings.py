"""What an operator can set about the ports that are opened."""

from typing import ClassVar

from pydantic import PositiveInt

from core.setting_fields import Port, Seconds, Section, setting_field

USUAL_PORT = 3000


class HttpSettings(Section):
    """Where events come in and health is told, and what strangers there may hold; `timeout` is in seconds.

    A request's headers have to be there within it, and so does its body; a connection without one ends after it.
    """

    title: ClassVar[str] = "HTTP"

    port: Port | None = setting_field("PORT", f"Where events over HTTP come in ({USUAL_PORT}); 0 means any port")
    host: str = setting_field(
        "CONFAB_HOST",
        "The address that PORT is opened on",
        "0.0.0.0",  # noqa: S104 - a container's port
    )
    health_port: Port | None = setting_field(
        "CONFAB_HEALTH_PORT", "Where /health, /metrics and /usage are told; empty: nowhere, 0 means any port"
    )
    health_host: str = setting_field(
        "CONFAB_HEALTH_HOST", "The address that CONFAB_HEALTH_PORT is opened on", "127.0.0.1"
    )
    pages_key: str = setting_field(
        "CONFAB_PAGES_KEY",
        "What ?key= has to be at CONFAB_HEALTH_PORT to see /usage by person, /sources and /personas; empty: nobody may",
        "",
        secret=True,
    )
    timeout: Seconds = setting_field(
        "CONFAB_HTTP_TIMEOUT", "Seconds in which a request's headers have to come, and its body", 10.0
    )
    connections: PositiveInt = setting_field(
        "CONFAB_HTTP_CONNECTIONS", "How many connections may be open at each of the two ports", 512
    )
    connections_per_address: PositiveInt = setting_field(
        "CONFAB_HTTP_CONNECTIONS_PER_ADDRESS", "How many of them one address, such as a proxy's, may hold", 128
    )
