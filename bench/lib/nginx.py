"""nginx with plain files, as fast as it is without tuning that a web page does not name: sendfile, a worker for each core."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/server"))
import harness  # noqa: E402

CONFIGURATION = """
worker_processes auto;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  keepalive_requests 1000000000;
  open_file_cache max=10000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type application/octet-stream;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


class Nginx:
    """Serves the files below `root` until `stop`."""

    def __init__(self, folder, root):
        self.port = harness.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Its workers are somebody else if root starts it, and must reach the files.
        for place in (folder, root):
            os.chmod(place, 0o755)
        configuration = folder / "nginx.conf"
        user = "user root;\n" if os.getuid() == 0 else ""
        configuration.write_text(user + CONFIGURATION.format(folder=folder, port=self.port, root=root))
        program = "/usr/sbin/nginx"
        self.process = subprocess.Popen([program, "-p", str(folder), "-c", str(configuration)], stdin=subprocess.DEVNULL)
        harness.until(lambda: (folder / "nginx.pid").exists(), 10, "nginx")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
