"""A real MLflow server for tests, to be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request


class Server:
    """An MLflow server on a free port, its store in a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where database, artifacts and log lie; they outlast a kill.
    """

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.uri, self.folder, self.process = f"http://127.0.0.1:{port}", folder, None
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
        store = ["--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination", f"{folder}/kept"]
        self.command = [*command, "--workers", "1", *store]

    def start(self):
        """Start the server and wait until it answers."""
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                self.command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        for _ in range(900):
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=1).close()
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise AssertionError("the server did not start")

    def kill(self):
        """Kill the server and all that it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
