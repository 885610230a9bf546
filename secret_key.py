"""The key that signs sessions and tokens: made once, kept in the home, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

SHORTEST = 32


def keep_secret_key(home: Path) -> str:
    """The key in `home`/secret_key; made when there is none, by whichever of several processes comes first.

    Raises OSError when the home cannot be written, ValueError when the file holds no usable key.
    """
    path = home / "secret_key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=home, prefix=".secret_key-")  # made with mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)  # fails when another process was first: then its key is the one
        except FileExistsError:
            pass
        finally:
            Path(temporary).unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < SHORTEST:
        raise ValueError(f"secret_key holds {len(key)} characters, {SHORTEST} are needed; delete it to get a new one")
    return key
