"""The words before the commands of a session's runs: the sandbox of each, and the broker of model processes.

What the sandbox takes seconds to find (the environments, the standard library, files with secrets) is found once per session.
"""

import json
import sys
import threading
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from loop.brief.config import Config
from loop.runs import metrics
from loop.runs.process import limits, model_broker
from loop.runs.sandbox import bubblewrap
from loop.runs.sandbox.bubblewrap import Sandbox
from loop.runs.sandbox.secret_files import secret_files

SCORING = "scoring.json"  # in a run's folder: what the model processes took while they were scored


class RunIsolation:
    """The prefixes of one session. Without a sandbox a training has none, and an evaluator has the broker alone.

    `folder` is that of all runs; no evaluator sees what lies around it, the journal.
    """

    def __init__(self, config: Config, *, root: Path, folder: Path, gpu: bool, is_sandboxed: bool) -> None:
        self._config = config
        self._root = root
        self._folder = folder
        self._gpu = gpu
        self._is_sandboxed = is_sandboxed
        self._lock = threading.Lock()  # several runs may be in flight

    def training(self, run: Path, *, sources: Iterable[Path]) -> tuple[str, ...]:
        """Before the training in a run's folder; `sources` are those of the brief's inputs."""
        writes = [run / name for name in ("train", "out", "home", "tmp")]
        return self._prefix(run / "train", reads=sources, writes=writes, temp=run / "tmp")

    def evaluator(self, run: Path, *, sources: Iterable[Path]) -> tuple[str, ...]:
        """Before the evaluator: the broker of model processes, which see no data, then its own sandbox, which does."""
        evaluate, out, lent = run / "evaluate", run / "out", list(sources)
        model = self._prefix(evaluate, reads=[evaluate, out])
        broker = (
            sys.executable,
            "-I",
            "-S",
            model_broker.__file__,
            json.dumps(model),
            str(evaluate),
            str(run / SCORING),
            "--",
        )
        if not self._is_sandboxed:
            return broker
        writes = [run / "home", run / "tmp", *([evaluate] if metrics.metric_files(self._config) else [])]
        hides = [self._root / ".git", self._folder.parent, *(path for path in self._secrets if path not in lent)]
        reads = [self._root, evaluate, out, *lent]
        return (*broker, *self._prefix(evaluate, reads=reads, writes=writes, hides=hides, temp=run / "tmp"))

    def _prefix(self, folder: Path, *, temp: Path | None = None, **paths: Iterable[Path]) -> tuple[str, ...]:
        """The words before a command that starts in `folder`; none without a sandbox."""
        if not self._is_sandboxed:
            return ()
        with self._lock:
            sandbox = self._sandbox
        return sandbox.command_prefix(folder, temp=temp, **paths)

    @cached_property
    def _sandbox(self) -> Sandbox:
        lines = [line for line in (self._config.train, self._config.evaluate) if line]
        memory = limits.tmpfs_bytes(self._config)
        return bubblewrap.build_sandbox(lines, hidden=(self._root,), gpu=self._gpu, memory=memory)

    @cached_property
    def _secrets(self) -> list[Path]:
        return secret_files(self._root)
