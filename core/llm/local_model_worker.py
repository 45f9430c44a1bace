"""The program that `core.llm.local_model` runs: llama.cpp's own server, from the optional extra `local`.

It is given a model's file, a port (0 for any), and says `{"address": …}` once the model is loaded, or `{"fault": …}`.
It listens on the loopback alone, and ends with the process that began it.
"""

import json
import sys
from pathlib import Path

import xllamacpp

from core.child_process import end_with_parent

SLOTS = 2  # answers at a time: one for a person beside one that judges it
WINDOW = 8192  # tokens of each; a model that was trained on fewer is given its own


def main() -> None:
    """Load a model and serve it; the arguments are the parent's id, the file, and the port."""
    parent, path, port = sys.argv[1:]
    end_with_parent(int(parent))
    options = xllamacpp.CommonParams()
    options.model.path = path
    options.model_alias = [Path(path).stem]
    options.hostnames = ["127.0.0.1"]
    options.port = int(port)
    options.n_parallel, options.n_ctx = SLOTS, SLOTS * WINDOW
    try:
        server = xllamacpp.Server(options)
    except RuntimeError as error:
        _write({"fault": str(error)})
        return
    _write({"address": server.listening_address})
    sys.stdin.read()  # until the parent ends, or closes it


def _write(line: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
