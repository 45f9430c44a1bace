"""The program that `core.voice.local` runs: speech to text with faster-whisper, an optional extra.

It is given a model's name or folder, and says `{"ready": true, "multilingual": …}` once that is loaded. A job is a line
of JSON on stdin: `{"path": …, "task": …, "language": …, "prompt": …}`; its answer is a line of JSON on stdout, either
`{"segments": …}` or `{"fault": …}`. It ends with the process that began it, in the middle of a job too.
"""

import json
import sys
from typing import Any

import av
import numpy as np
from faster_whisper import WhisperModel

from core.child_process import end_with_parent
from core.confinement import NETWORK, PROCESSES, refuse_calls
from core.voice.audio import open_container, read_samples

FIGURES = ("text", "no_speech_prob", "avg_logprob", "compression_ratio")


def transcribe_file(model: WhisperModel, job: dict[str, Any]) -> dict[str, Any]:
    """Return the segments of a recording, decoded here as the audio process decodes, or the fault that ended it."""
    try:
        with open_container(job["path"]) as source:
            samples = np.concatenate([np.frombuffer(block, np.int16) for block in read_samples(source)])
        segments, _ = model.transcribe(
            samples.astype(np.float32) / 32_768,
            task=job["task"],
            language=job["language"] or None,
            initial_prompt=job["prompt"] or None,
            vad_filter=True,
        )
        return {"segments": [{name: getattr(segment, name) for name in FIGURES} for segment in segments]}
    except (av.FFmpegError, OSError, RuntimeError, ValueError) as error:
        return {"fault": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Load a model and do the jobs that come in; the arguments are the parent's id, the model, and how many threads."""
    parent, name, threads = sys.argv[1:]
    end_with_parent(int(parent))
    try:
        model = WhisperModel(name, device="auto", compute_type="int8", cpu_threads=int(threads))
    except (OSError, RuntimeError, ValueError) as error:
        write_line({"fault": f"{type(error).__name__}: {error}"})
        return
    refuse_calls(NETWORK, PROCESSES)  # it has all it needs; its files are left to it, as it may run on a GPU
    write_line({"ready": True, "multilingual": model.model.is_multilingual})
    for line in sys.stdin:
        write_line(transcribe_file(model, json.loads(line)))


def write_line(found: dict[str, Any]) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
