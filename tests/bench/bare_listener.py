"""What the bench compares voice notes with: a script that fetches a file whole, and uploads it as it is.

For each address on stdin it prints how long that took, in seconds.
"""

import os
import sys
import time

import httpx


def main() -> None:
    """Fetch and upload one file after the other."""
    token, base = os.environ["SLACK_BOT_TOKEN"], os.environ["OPENAI_BASE_URL"]
    with httpx.Client(timeout=300.0, trust_env=False) as client:
        for line in sys.stdin:
            begun = time.monotonic()
            content = client.get(line.strip(), headers={"Authorization": f"Bearer {token}"}).content
            client.post(
                f"{base}/audio/transcriptions",
                headers={"Authorization": "Bearer sk-bench"},
                data={"model": "stand-in"},
                files={"file": ("voice.ogg", content, "audio/ogg")},
            )
            sys.stdout.write(f"{time.monotonic() - begun}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
