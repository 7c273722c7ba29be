"""A real server as a test sees it: the release binary, a data folder of its own, and a client over HTTP."""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("MEDIA_VAULT_BINARY", ROOT / "target/release/media-vault"))
SOAK = os.environ.get("MEDIA_VAULT_SOAK") == "1"
VENV_BIN = pathlib.Path(sys.executable).parent
CACHE = pathlib.Path(os.environ.get("MEDIA_VAULT_CACHE", pathlib.Path.home() / ".cache/media-vault"))
CORPUS = pathlib.Path(os.environ.get("MEDIA_VAULT_TEST_CORPUS", CACHE / "corpus"))

EMAIL = "ada@example.org"
PASSWORD = "correct horse battery staple"
NAME = "Ada Lovelace"

# How long a server may take to answer, a queue to drain. Seconds; far more than either needs.
START = 60
DRAIN = 180


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def until(condition, limit, what):
    """Waits for something that has no event to wait for, and says what was missing when it does not come."""
    deadline = time.monotonic() + limit
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit} s: {what() if callable(what) else what}")
        time.sleep(0.02)


@dataclasses.dataclass
class Vault:
    """One installation: start, kill and start again as often as wanted."""

    folder: pathlib.Path
    settings: dict = dataclasses.field(default_factory=dict)
    # Put before the command, such as `setpriv ...`.
    wrapper: tuple = ()
    serve_options: tuple = ()

    def __post_init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = self.folder / "data"
        self.log_file = self.folder / "server.log"
        self.process = None
        assert BINARY.exists(), f"{BINARY} is missing: run `make build`"

    def environment(self):
        # Nothing of this machine's own settings gets in. No limit per minute: a test is not an attacker.
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "MEDIA_VAULT_LISTEN": f"127.0.0.1:{self.port}",
            "MEDIA_VAULT_DATA_DIR": str(self.data),
            "MEDIA_VAULT_RATE_LIMIT_PER_MINUTE": "0",
            **self.settings,
        }

    def start(self):
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, str(BINARY), "serve", *self.serve_options], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )
        until(self.answers, START, "the server's first answer")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()[-4000:]}")
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/health", timeout=5).ok
        return False

    def kill(self):
        """The power cut: the server and its decoders at once."""
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def stop(self):
        """The polite end. Returns the exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=60)
        self.process = None
        return code

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def run(self, *arguments, stdin=None, check=True, timeout=600):
        """A command of the binary on this installation. `check`: it must exit with 0."""
        result = subprocess.run([*self.wrapper, str(BINARY), *arguments], cwd=self.folder, env=self.environment(), input=stdin,
                                capture_output=True, text=True, timeout=timeout)
        if check:
            assert result.returncode == 0, f"{arguments}: exit code {result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
        return result

    def spawn(self, *arguments):
        """The same, without waiting; in a group of its own, so that it can be killed with its decoders."""
        log = (self.folder / "command.log").open("ab")
        with log:
            return subprocess.Popen([*self.wrapper, str(BINARY), *arguments], cwd=self.folder, env=self.environment(),
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def verify(self):
        """`media-vault verify`: its report. Fails when it found damage."""
        result = self.run("verify", "--json")
        return json.loads(result.stdout)

    def set_up(self):
        answer = requests.post(f"{self.url}/api/v1/setup", json={"name": NAME, "email": EMAIL, "password": PASSWORD}, timeout=30)
        assert answer.status_code == 201, answer.text
        return self

    def client(self, email=EMAIL, password=PASSWORD):
        return Client(self, email, password)

    def stored_objects(self):
        """How many objects lie in the store, finished or not."""
        return sum(len(files) for _, _, files in os.walk(self.data / "objects"))

    def temporary_files(self):
        """What an interrupted write may have left: anything staged or half written."""
        return [path for path in self.data.rglob("*") if path.is_file() and (
            "incoming" in path.relative_to(self.data).parts or path.suffix in (".tmp", ".part", ".partial", ".new"))]


class Client:
    """A signed-in person, as a script would be: bearer token, plain HTTP. Signs in again when the token has run out."""

    def __init__(self, vault, email, password):
        self.vault = vault
        self.email = email
        self.password = password
        self.session = requests.Session()
        self.sign_in()

    def sign_in(self):
        answer = requests.post(f"{self.vault.url}/api/v1/auth/login", json={"email": self.email, "password": self.password}, timeout=30)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {self.token}"

    def request(self, method, path, **options):
        options.setdefault("timeout", 60)
        answer = self.session.request(method, f"{self.vault.url}{path}", **options)
        if answer.status_code == 401:
            self.sign_in()
            answer = self.session.request(method, f"{self.vault.url}{path}", **options)
        return answer

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def upload(self, name, data, **fields):
        """One shot. Returns the answer."""
        return self.post("/api/v1/media", files={"file": (name, data)}, data=fields)

    def media(self, id):
        answer = self.get(f"/api/v1/media/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def content(self, id, **options):
        answer = self.get(f"/api/v1/media/{id}/content", **options)
        assert answer.status_code in (200, 206), answer.text[:300]
        return answer.content

    def everything(self):
        """All items of the list, page by page."""
        items, cursor = [], None
        while True:
            parameters = {"limit": 200} | ({"cursor": cursor} if cursor else {})
            answer = self.get("/api/v1/media", params=parameters)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            items += page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return items

    def settled(self, id, limit=DRAIN):
        """The item once it is ready or failed."""
        def ended():
            item = self.media(id)
            return item if item["state"] != "processing" else None
        return until(ended, limit, f"item {id} ready or failed")

    def all_settled(self, limit=DRAIN):
        return until(lambda: all(item["state"] != "processing" for item in self.everything()), limit, "every item ready or failed")
