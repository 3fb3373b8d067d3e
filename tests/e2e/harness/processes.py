"""Programs that run in the background: started with a log, awaited, and ended by their pid."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request


class NotReady(Exception):
    """A program ended, or did not answer in time; the message carries the end of its log."""


def free_port() -> int:
    """A loopback TCP port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what: str, condition, seconds: float, every: float = 0.05):
    """Calls condition() until it returns something true, and returns that.

    `condition` may raise AssertionError to say what is still missing; after `seconds` the last
    such sentence is raised again, with `what` in front.
    """
    deadline = time.monotonic() + seconds
    missing = ""
    while time.monotonic() < deadline:
        try:
            value = condition()
            if value:
                return value
        except AssertionError as error:
            missing = f": {error}"
        time.sleep(every)
    raise AssertionError(f"{what}: not within {seconds:g} s{missing}")


def answers_ok(url: str, ca_file: pathlib.Path | None = None,
               client: tuple[pathlib.Path, pathlib.Path] | None = None) -> bool:
    """True when a GET of url returns 200. `client` is a certificate and its key."""
    context = None
    if ca_file is not None:
        context = ssl.create_default_context(cafile=str(ca_file))
        if client is not None:
            context.load_cert_chain(*client)
    with contextlib.suppress(urllib.error.URLError, OSError):
        with urllib.request.urlopen(url, timeout=2, context=context) as answer:
            return answer.status == 200
    return False


class Process:
    """One program in the background, in a session of its own so that Ctrl-C does not reach it.

    It is ended with this Python process, however that ends, unless `outlive` is true.
    """

    def __init__(self, name: str, command: list, log_dir: pathlib.Path, outlive: bool = False,
                 env: dict | None = None):
        self.name = name
        self.log = log_dir / f"{name}.log"
        prefix = [] if outlive else ["setpriv", "--pdeathsig", "KILL"]
        with open(self.log, "ab") as log:
            self._popen = subprocess.Popen(
                [*prefix, *map(str, command)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | (env or {}), start_new_session=True)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def running(self) -> bool:
        return self._popen.poll() is None

    def log_tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait_ready(self, ready, seconds: float) -> None:
        """Waits until ready() is true; raises NotReady when the program ends or time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running():
                raise NotReady(
                    f"{self.name} ended with {self._popen.returncode}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise NotReady(f"{self.name} not ready after {seconds:g} s:\n{self.log_tail()}")
            time.sleep(0.05)

    def stop(self, seconds: float = 10) -> int:
        """Asks the program to end, then ends it; returns its exit status (negative: the signal)."""
        if self.running():
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        return self._popen.wait()


def remember(path: pathlib.Path, processes: list[Process]) -> None:
    """Writes down running programs, so that a later run of this program can end them."""
    path.write_text(json.dumps([[process.pid, _command(process.pid)] for process in processes]))


def stop_remembered(path: pathlib.Path, seconds: float = 10) -> int:
    """Ends the programs that remember() wrote down and that still run; returns how many.

    A number that now belongs to another program is left alone.
    """
    if not path.exists():
        return 0
    pids = [pid for pid, command in json.loads(path.read_text()) if _command(pid) == command]
    for pid in reversed(pids):
        _end(pid, seconds)
    path.unlink()
    return len(pids)


def _end(pid: int, seconds: float) -> None:
    """Ends a program that this Python process did not start."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        try:
            wait_until(f"process {pid} ends", lambda: not _command(pid), seconds)
        except AssertionError:
            os.kill(pid, signal.SIGKILL)


def _command(pid: int) -> str:
    """The command line of a running program; empty when there is none (or only its remains)."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""
