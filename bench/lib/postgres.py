"""A PostgreSQL with its ordinary, durable settings in a folder that stays."""

import os
import pathlib
import shutil
import subprocess

from nginx import harness

PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), default=pathlib.Path("/usr/bin"))


class Postgres:
    """Runs until `stop`. PostgreSQL refuses root: then it runs as the system's user `postgres`, to whom the folder is given."""

    def __init__(self, folder):
        self.folder = folder
        self.port = harness.free_port()
        self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        if not (folder / "PG_VERSION").exists():
            folder.mkdir(parents=True, exist_ok=True)
            if self.as_user:
                for place in [folder, *folder.parents]:
                    if not place.stat().st_mode & 0o001:
                        place.chmod(place.stat().st_mode | 0o011)
                shutil.chown(folder, "postgres", "postgres")
            folder.chmod(0o700)
            self.run("initdb", "--pgdata", folder, "--username=postgres", "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync")
        (folder / "postmaster.pid").unlink(missing_ok=True)
        self.run("pg_ctl", "--pgdata", folder, "--wait", "--log", folder / "server.log", "--options",
                 f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=256MB -c jit=off", "start")

    def run(self, program, *arguments):
        subprocess.run([*self.as_user, PROGRAMS / program, *map(str, arguments)], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, cwd="/")

    def pid(self):
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    def url(self, name):
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def sql(self, *statements, database="postgres"):
        for statement in statements:
            self.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement)

    def names(self):
        """The databases there are."""
        said = subprocess.run([*self.as_user, PROGRAMS / "psql", "-At", "-d", self.url("postgres"), "-c", "SELECT datname FROM pg_database"], check=True, capture_output=True, text=True, cwd="/")
        return said.stdout.split()

    def stop(self):
        self.run("pg_ctl", "--pgdata", self.folder, "--wait", "--mode=fast", "stop")
