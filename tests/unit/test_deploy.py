"""What Confab is deployed with: the image, the services, the Slack app, and the checks that run before a merge."""

import asyncio
import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bots.http import Health, health_routes
from bots.metrics import EventLoopLag
from bots.settings import ProcessSettings, Settings
from tests.support.plain_yaml import load

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
GRACE = float(ProcessSettings.model_fields["grace"].default)
DOCKERFILE = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE))
STEPS = [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in DOCKERFILE.splitlines() if line.strip()]

# What each event needs to be delivered (Slack docs, reference/events). The agent view comes with an event of its own.
SCOPES_OF_EVENTS: dict[str, set[str]] = {
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "app_home_opened": set(),
    "channel_left": {"channels:read"},
    "group_left": {"groups:read"},
    "channel_deleted": {"channels:read"},
    "group_deleted": {"groups:read"},
}
# What each call of the Web API needs (Slack docs, reference/methods); the histories are those of the events above.
SCOPES_OF_CALLS: dict[str, set[str]] = {
    "auth.test": set(),
    "users.info": {"users:read"},
    "users.list": {"users:read"},
    "conversations.list": {"channels:read"},
    "conversations.members": {"channels:read", "groups:read", "mpim:read"},
    "chat.postMessage": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.update": {"chat:write"},
    "chat.delete": {"chat:write"},
    "users.conversations": {"channels:read", "groups:read", "im:read", "mpim:read"},
    "conversations.history": set(),
    "files.info": {"files:read"},
    "conversations.replies": set(),
    "conversations.info": {"channels:read", "groups:read", "im:read", "mpim:read"},
    "views.open": set(),
    "views.publish": set(),
    "assistant.threads.setStatus": {"assistant:write"},
}
# The agent view asks for the first; without the second, events say nothing of the files that came with a message; the
# third brings slash commands and shortcuts.
SCOPES_OF_FEATURES = {"assistant:write", "files:read", "commands"}
CALL = re.compile(
    r'"((?:api|auth|users|chat|conversations|assistant|agents|files|reactions|views)(?:\.[a-zA-Z]+)+)(?<!\.com)"'
)


def steps(instruction: str) -> list[str]:
    """Return the arguments of every such instruction of the Dockerfile, in order."""
    return [rest for name, rest in STEPS if name == instruction]


def manifest() -> dict[str, Any]:
    """Return the Slack app's manifest."""
    return load((DEPLOY / "slack-manifest.yaml").read_text())


def test_the_manifest_that_setup_makes_the_app_of_is_the_one_that_people_paste() -> None:
    """Slack's method takes JSON alone."""
    assert json.loads((DEPLOY / "slack-manifest.json").read_text()) == manifest()


def service() -> dict[str, Any]:
    """Return the one service of compose.yaml."""
    document: dict[str, Any] = load((DEPLOY / "compose.yaml").read_text())
    return document["services"]["confab"]  # type: ignore[no-any-return] # read from a file


def unit() -> configparser.SectionProxy:
    """Return the [Service] section of the systemd unit; a key that stands twice keeps its last value."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign] # how configparser is told to keep the case
    parser.read(DEPLOY / "confab.service")
    return parser["Service"]


def test_the_image_copies_what_exists_and_only_the_bot() -> None:
    """No sandbox, no tests, no .env: requirements.txt, core, bots, and what is to be said of others' parts."""
    copied = [line.split()[0] for line in steps("COPY") if not line.startswith("--from=")]
    assert copied == ["requirements.txt", "core", "bots", "deploy/NOTICES.md"]
    assert all((ROOT / source).exists() for source in copied)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == set(copied)
    assert ignored[1] == "*"


def test_the_image_names_what_it_carries_under_other_terms() -> None:
    """PyAV's wheel holds parts under the GPL, and the lock brings it."""
    assert re.search(r"^av==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    notices = (DEPLOY / "NOTICES.md").read_text()
    assert all(name in notices for name in ("PyAV", "GNU General", "x264", "x265", "splintr-rs"))


def test_the_image_installs_by_hash() -> None:
    """The same lock as everywhere, and nothing beside it."""
    installs = [line for line in steps("RUN") if "pip install" in line]
    assert installs == ["/opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt"]


def test_the_image_runs_the_bot_without_root_and_is_stopped_by_sigterm() -> None:
    """The exec form: a shell as the first process would keep the signal to itself."""
    assert steps("USER") == ["10001:10001"]
    assert [json.loads(line) for line in steps("CMD")] == [["python", "-m", "bots", "run"]]
    assert steps("STOPSIGNAL") == ["SIGTERM"]
    assert steps("VOLUME") == ["/data"]
    assert "CONFAB_DATABASE=/data/confab.db" in steps("ENV")[0].split()
    assert [name for name, _ in STEPS].index("VOLUME") > [name for name, _ in STEPS].index("RUN")


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
async def test_the_image_is_healthy_when_the_health_page_says_so(status: int, *, healthy: bool) -> None:
    """The command of HEALTHCHECK itself, asked of a server on loopback, with a proxy set that it must not ask."""
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, *command = json.loads(steps("HEALTHCHECK")[0].split(" CMD ")[1])
    environ = {**os.environ, "CONFAB_HEALTH_PORT": str(runner.addresses[0][1]), "http_proxy": "http://127.0.0.1:1"}
    check = await asyncio.create_subprocess_exec(sys.executable, *command, env=environ)
    code = await check.wait()
    await runner.cleanup()
    assert ((code == 0), asked) == (healthy, ["/health"])


def test_the_unit_lets_the_programs_that_read_files_bound_and_confine_themselves() -> None:
    """They lower their limits and priority, and a call that the unit does not allow ends none of them."""
    unit = (DEPLOY / "confab.service").read_text()
    filters = re.findall("^SystemCallFilter=(.+)$", unit, re.MULTILINE)
    refused = [name for each in filters if each.startswith("~") for name in each[1:].split()]
    allowed = [name for each in filters if not each.startswith("~") for name in each.split()]
    assert "@resources" not in refused
    assert {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(allowed)
    assert "SystemCallErrorNumber=EPERM\n" in unit


def test_the_services_leave_time_to_finish_the_answers_that_are_running() -> None:
    """Whoever stops Confab waits longer than its own grace time."""
    assert float(service()["stop_grace_period"].removesuffix("s")) > GRACE
    assert float(unit()["TimeoutStopSec"].removesuffix("s")) > GRACE


def test_compose_builds_the_image_and_keeps_the_database() -> None:
    """Its paths lead where they should, and an empty line of .env cannot move the database off the volume."""
    compose = service()
    assert (DEPLOY / compose["build"]["context"]).resolve() == ROOT
    assert (DEPLOY / compose["build"]["context"] / compose["build"]["dockerfile"]).is_file()
    assert (DEPLOY / compose["env_file"]).resolve() == ROOT / ".env"
    assert compose["volumes"] == ["data:/data"]
    assert compose["environment"]["CONFAB_DATABASE"] == "/data/confab.db"
    assert compose["restart"] == "unless-stopped"


def test_compose_takes_away_what_the_bot_does_not_need() -> None:
    """No root file system to write to, no capability, no way to new ones."""
    compose = service()
    assert compose["read_only"] is True
    assert compose["cap_drop"] == ["ALL"]
    assert compose["security_opt"] == ["no-new-privileges:true"]


def test_old_and_new_compose_take_the_file() -> None:
    """The keys are those that the format 3.7 knows (docker-compose 1.22 and later), and new ones leave them be.

    The volume keeps its name, whatever the project is called by either.
    """
    document = load((DEPLOY / "compose.yaml").read_text())
    assert set(document) == {"version", "services", "volumes"}
    assert document["version"] == "3.7"
    assert document["volumes"] == {"data": {"name": "confab_data"}}
    known = {"build", "image", "env_file", "environment", "volumes", "extra_hosts", "ports", "restart", "tmpfs"}
    assert set(service()) <= known | {"stop_grace_period", "read_only", "cap_drop", "security_opt"}


def kubernetes(name: str) -> dict[str, Any]:
    """Return one manifest for Kubernetes."""
    return load((DEPLOY / "kubernetes" / f"{name}.yaml").read_text())


def test_kubernetes_applies_files_that_exist_and_names_agree() -> None:
    """The deployment finds the volume and the secret, the service the pods; the example secret is not applied."""
    applied = kubernetes("kustomization")["resources"]
    files = {path.name for path in (DEPLOY / "kubernetes").iterdir()}
    assert files == {*applied, "kustomization.yaml", "secret.example.yaml"}
    deployment, pod = kubernetes("deployment"), kubernetes("deployment")["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
    assert volumes["data"]["persistentVolumeClaim"]["claimName"] == kubernetes("volume")["metadata"]["name"]
    assert container["envFrom"] == [{"secretRef": {"name": kubernetes("secret.example")["metadata"]["name"]}}]
    assert set(kubernetes("secret.example")["stringData"]) <= set(Settings.names())
    labels = pod["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == kubernetes("service")["spec"]["selector"] == labels
    assert {each["name"] for each in container["volumeMounts"]} == set(volumes)
    assert kubernetes("service")["spec"]["ports"][0]["targetPort"] in {each["name"] for each in container["ports"]}


def test_kubernetes_runs_one_bot_that_may_do_nothing_it_does_not_need() -> None:
    """Two would fight for the database; the user is the image's."""
    spec = kubernetes("deployment")["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (spec["replicas"], spec["strategy"]) == ("1", {"type": "Recreate"})
    assert kubernetes("volume")["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert float(pod["terminationGracePeriodSeconds"]) > GRACE
    assert pod["automountServiceAccountToken"] is False
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, "10001")
    assert "--uid 10001" in steps("RUN")[-2]
    inside = container["securityContext"]
    assert (inside["readOnlyRootFilesystem"], inside["allowPrivilegeEscalation"]) == (True, False)
    assert inside["capabilities"] == {"drop": ["ALL"]}


def test_kubernetes_asks_what_the_bot_answers() -> None:
    """Start and readiness by health, which says no while a platform is away; life by what is answered all the same."""
    (container,) = kubernetes("deployment")["spec"]["template"]["spec"]["containers"]
    environ = {each["name"]: each["value"] for each in container["env"]}
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert set(environ) <= set(Settings.names())
    assert (environ["PORT"], environ["CONFAB_HEALTH_PORT"]) == (ports["events"], ports["health"])
    assert (environ["CONFAB_HEALTH_HOST"], environ["CONFAB_DATABASE"]) == ("0.0.0.0", "/data/confab.db")  # noqa: S104
    asked = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {each["port"] for each in asked.values()} == {"health"}
    paths = {name: each["path"] for name, each in asked.items()}
    assert paths == {"startupProbe": "/health", "livenessProbe": "/metrics", "readinessProbe": "/health"}
    served = {route.path for route in health_routes(Health((), store_is_well), EventLoopLag())}
    assert set(paths.values()) <= served


async def store_is_well() -> str:
    """Name no trouble."""
    return ""


def test_the_image_is_published_by_its_version_with_no_right_beyond_that() -> None:
    """The file that it is built from is the one that is tested here; actions are pinned as in the other workflow."""
    workflow = (ROOT / ".github/workflows/image.yml").read_text()
    actions = re.findall(r"uses: (\S+)", workflow)
    assert actions
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action) for action in actions)
    assert "file: deploy/Dockerfile" in workflow
    assert 'tags: ["v*.*.*"]' in workflow
    rights = re.search(r"^permissions:\n((?:  .+\n)+)", workflow, re.MULTILINE)
    assert rights
    granted = dict(line.strip().split(": ") for line in rights[1].splitlines())
    assert granted == {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"}
    assert "secrets.GITHUB_TOKEN" in workflow
    assert len(re.findall(r"secrets\.", workflow)) == 1


@pytest.mark.skipif(not shutil.which("hadolint"), reason="no hadolint here to read the Dockerfile")
def test_hadolint_finds_no_fault_in_the_dockerfile() -> None:
    """With all of its rules."""
    command = [str(shutil.which("hadolint")), str(DEPLOY / "Dockerfile")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - its path is our own
    assert (result.stdout, result.returncode) == ("", 0)


def test_the_unit_starts_the_bot_and_does_not_insist_on_faulty_settings() -> None:
    """Started again, the same settings would have the same fault, and Discord would refuse the same token."""
    service = unit()
    assert service["ExecStart"] == "/opt/confab/.venv/bin/python -m bots run"
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "78 77 76")
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here to read the unit")
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    """Every directive is known to systemd; the interpreter is put in place of one that is not installed here."""
    text = (DEPLOY / "confab.service").read_text().replace("/opt/confab/.venv/bin/python", sys.executable)
    (tmp_path / "confab.service").write_text(text)
    command = ["systemd-analyze", "verify", str(tmp_path / "confab.service")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - its path is our own
    assert "confab.service" not in result.stderr


def test_the_slack_app_hears_what_the_code_handles_and_may_do_what_it_calls() -> None:
    """Each event and each call in the code comes with its scope, and nothing is asked for that is not used."""
    app = manifest()
    called = {call for path in (ROOT / "bots/slack").glob("*.py") for call in CALL.findall(path.read_text())}
    assert "chat.postMessage" in called
    assert called - SCOPES_OF_CALLS.keys() == set()
    needed = SCOPES_OF_FEATURES.union(*SCOPES_OF_EVENTS.values(), *(SCOPES_OF_CALLS[call] for call in called))
    assert sorted(app["oauth_config"]["scopes"]["bot"]) == sorted(needed)
    assert sorted(app["settings"]["event_subscriptions"]["bot_events"]) == sorted(SCOPES_OF_EVENTS)


def test_the_slack_app_can_be_written_to_and_needs_no_public_address() -> None:
    """Socket Mode, direct messages open, the agent view that new apps have, within Slack's limits."""
    app = manifest()
    assert app["settings"]["socket_mode_enabled"] is True
    assert app["settings"]["interactivity"] == {"is_enabled": True}
    home = app["features"]["app_home"]
    assert home["home_tab_enabled"] is True
    assert (home["messages_tab_enabled"], home["messages_tab_read_only_enabled"]) == (True, False)
    assert len(app["features"]["agent_view"]["agent_description"]) <= 300
    assert len(app["display_information"]["name"]) <= 35
    assert len(app["display_information"]["description"]) <= 140


def test_the_slack_app_s_commands_and_shortcuts_keep_to_slacks_limits() -> None:
    """Slack docs, App manifest reference: the longest name, description, hint and id of each."""
    features = manifest()["features"]
    (command,) = features["slash_commands"]
    assert command["should_escape"] is True  # so that who is mentioned in a question is known by id
    assert (len(command["command"]) <= 32, len(command["description"]) <= 2000) == (True, True)
    assert len(command["usage_hint"]) <= 1000
    for shortcut in features["shortcuts"]:
        assert shortcut["type"] == "message"
        assert len(shortcut["name"]) <= 24
        assert (len(shortcut["callback_id"]) <= 255, len(shortcut["description"]) <= 150) == (True, True)


def test_plain_yaml_is_read_and_anything_else_refused() -> None:
    """The reader that these tests stand on."""
    text = 'a: b # y\nc:\n  d: "#1"\n  e:\n    - x:y # z\n    - "two words"\ng:\n  - h: 1\n    i: true\n  - h: 2\nk:\n'
    items = [{"h": "1", "i": True}, {"h": "2"}]
    assert load(text) == {"a": "b", "c": {"d": "#1", "e": ["x:y", "two words"]}, "g": items, "k": ""}
    for fault in [
        "a: [b]",
        "a: {b: c}",
        "a: *b",
        "a: b\na: c",
        "a: b: c",
        "a\n",
        "- a",
        "a:\n  - b: c\n    b: d",
        "a: |\n  b",
    ]:
        with pytest.raises(ValueError, match="plain"):
            load(fault)


def test_the_checks_are_the_same_on_every_machine() -> None:
    """The workflow calls .ci/run and nothing else, with no rights but to read, on pinned actions."""
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    assert re.findall(r"run: (.+)", workflow) == ["bash .ci/run"]
    assert "permissions:\n  contents: read\n" in workflow
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action) for action in re.findall(r"uses: (\S+)", workflow))
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_the_checks_are_a_script_that_bash_can_read() -> None:
    """It stops at the first failure, and takes no input."""
    script = (ROOT / ".ci/run").read_text()
    bash = shutil.which("bash")
    assert bash, "bash is not here"
    assert subprocess.run([bash, "-n", str(ROOT / ".ci/run")], check=False).returncode == 0  # noqa: S603 - our own file
    assert "\nset -euo pipefail\n" in script
    assert "\nexec </dev/null\n" in script
    assert [shlex.split(line) for line in script.splitlines() if line.startswith("make ")] == [
        ["make", "test"],
        ["make", "check"],
    ]
