"""A real Label Studio server on this machine, for tests that have its environment."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ENVIRONMENT = Path(__file__).resolve().parents[1] / ".venv-label-studio" / "bin"
# Its first start makes the database, which takes half a minute of one core.
PATIENCE = 400
ANNOTATOR = "annotator@example.org"


def python_or_skip():
    """Python of Label Studio's environment; skips the test where there is none."""
    if not (ENVIRONMENT / "label-studio").is_file():
        pytest.skip("no Label Studio: make setup-label-studio")
    return str(ENVIRONMENT / "python")


class LabelStudio:
    """What a person does in a browser, by the server's API.

    Parameters
    ----------
    address : str
        Of the server.
    token : str
        Of its user.
    """

    def __init__(self, address, token):
        self.address, self.token = address, token
        # Whatever proxies there are, the server is on this machine.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method, path, value=None, **headers):
        """Ask the server; plain values are sent and come back as JSON."""
        body = value if isinstance(value, bytes) else None if value is None else json.dumps(value).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Token {self.token}", **headers}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        try:
            with self.opener.open(request, timeout=60) as reply:
                text = reply.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:1000]}") from error
        return json.loads(text) if text else None

    def new_project(self, title, interface):
        """Make a project with a labelling interface; gives its number."""
        return self.call("POST", "/api/projects", {"title": title, "label_config": interface})["id"]

    def upload(self, project, path):
        """Import a file of tasks as the button Import does; gives the tasks as the annotators get them."""
        edge = secrets.token_hex(16)
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{edge}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        self.call("POST", f"/api/projects/{project}/import", body, **kind)
        return self.call("GET", f"/api/tasks?project={project}&fields=all&page_size=1000")["tasks"]

    def annotate(self, task, *results, skipped=False):
        """Submit an annotation, or skip; gives its number."""
        value = {"result": list(results), "was_cancelled": skipped}
        return self.call("POST", f"/api/tasks/{task['id']}/annotations", value)["id"]

    def export(self, project, kind, path):
        """Export a project as the button Export does."""
        found = self.call("GET", f"/api/projects/{project}/export?exportType={kind}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found), encoding="utf-8")
        return path


@contextlib.contextmanager
def label_studio(folder):
    """Start a server that keeps everything in a folder and reaches nothing outside; stop it at the end."""
    python_or_skip()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(20)
    nowhere = "http://127.0.0.1:9"
    told = {
        "BASE_DATA_DIR": str(folder),
        "USERNAME": ANNOTATOR,
        "PASSWORD": secrets.token_hex(16),
        "USER_TOKEN": token,
        "ENABLE_LEGACY_API_TOKEN": "true",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere}
    environment |= {f"LABEL_STUDIO_{key}": value for key, value in told.items()}
    command = [ENVIRONMENT / "label-studio", "start", "--no-browser", "--port", str(port)]
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(
            [*command, "--internal-host", "127.0.0.1"],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        server = LabelStudio(f"http://127.0.0.1:{port}", token)
        wait_for(server, process, folder / "server.log")
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(server, process, log):
    """Wait until a server answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, AssertionError):
            server.call("GET", "/health")
            return
        time.sleep(0.3)
    raise AssertionError(f"Label Studio did not start:\n{log.read_text(errors='replace')[-3000:]}")
