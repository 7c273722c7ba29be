"""Who is measured goes ahead of the machine's other programs: an agent or a monitor that takes the core for ten milliseconds now and then
would be one in a hundred of the requests."""

import contextlib
import os
import pathlib

NICE = -10


def put_ahead(pids):
    """Whether all of them have that priority from here on; not everybody may give it."""
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
                try:
                    os.setpriority(os.PRIO_PROCESS, int(thread.name), NICE)
                except PermissionError:
                    return False
            # Where Linux shares the cores out to sessions first, that is what counts among those of different sessions.
            group = pathlib.Path(f"/proc/{pid}/autogroup")
            if group.exists():
                group.write_text(str(NICE))
    return True
