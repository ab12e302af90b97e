"""Tables out of PostgreSQL: only the columns needed, as Arrow, all from one moment.

The driver is the extra ``postgres``. A password belongs into the environment, not into book.toml.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perfkit.book.unread import Unread
from perfkit.errors import PerfkitError

__all__ = ["Database", "open_database"]

SETTINGS = ("url", "url_env")
# What comes as it is; everything else comes as text, so that no digit and no zone is lost.
AS_IT_IS = {"date", "smallint", "integer", "bigint", "text", "character varying"}
# What may be a password: behind the user's name up to the last @, or behind "password=".
SECRET = r"(?s)//[^:@/]*:(.*)@|password\s*=(.*?)(?=\s\w+\s*=|$)"
LISTED = (
    "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute "
    "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _relation(written: str) -> str:
    return ".".join(_quoted(part) for part in written.split("."))


class Database:
    """An open database, seen as it was at one moment.

    Parameters
    ----------
    connection : object
        Of the driver.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._reading: list[Any] = []
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    def columns(self, relation: str) -> dict[str, str]:
        """Name the columns of a table or view, each with its type.

        Raises
        ------
        Unread
            There is no such relation, or nobody may read it.
        """
        with self._connection.cursor() as cursor:
            cursor.execute(LISTED, parameters=(_relation(relation),))
            found = {str(name): str(kind) for name, kind in cursor.fetchall()}
        if not found:
            raise Unread("no_relation", relation=relation)
        return found

    def fetch(self, relation: str, columns: Mapping[str, str]) -> Any:
        """Give some columns of a relation as a stream of Arrow batches.

        Parameters
        ----------
        relation : str
            A table or view, with its schema.
        columns : mapping of str to str
            The columns wanted, with their types.

        Raises
        ------
        Unread
            Nobody may read it.
        """
        cells = [
            _quoted(name) if kind in AS_IT_IS else f"{_quoted(name)}::text AS {_quoted(name)}"
            for name, kind in columns.items()
        ]
        cursor = self._connection.cursor()
        self._reading.append(cursor)  # the stream ends with its cursor
        try:
            cursor.execute(f"SELECT {', '.join(cells)} FROM {_relation(relation)}")
        except cursor.connection.Error as error:
            raise Unread("no_relation", relation=relation) from error
        return cursor.fetch_record_batch()

    def close(self) -> None:
        """Let the database go."""
        for cursor in self._reading:
            cursor.close()
        self._connection.close()


def _url(settings: Mapping[str, Any], path: Path) -> str:
    """Find the address: in book.toml, or in the environment variable it names."""
    for name, value in settings.items():
        if name not in SETTINGS or not isinstance(value, str):
            allowed = ", ".join(SETTINGS)
            where = f"database.{name}"
            raise PerfkitError("bad_setting", path=path, name=where, value=value, allowed=allowed)
    if "url" in settings:
        return str(settings["url"])
    if "url_env" not in settings:
        raise PerfkitError("missing_setting", path=path, name="database.url_env")
    url = os.environ.get(settings["url_env"], "")
    if not url:
        raise PerfkitError("no_database_url", path=path, name=settings["url_env"])
    return url


def open_database(settings: Mapping[str, Any], path: Path) -> Database:
    """Open the database that book.toml names.

    Parameters
    ----------
    settings : mapping
        [database]: ``url``, or ``url_env``, the environment variable that holds it.
    path : Path
        book.toml, to be named.

    Returns
    -------
    Database

    Raises
    ------
    PerfkitError
        The driver is not installed, no address is given, or nobody answers there.
    """
    url = _url(settings, path)
    if importlib.util.find_spec("adbc_driver_postgresql") is None:
        raise PerfkitError("no_postgres_driver", path=path)
    from adbc_driver_postgresql import dbapi

    try:
        return Database(dbapi.connect(url))
    except dbapi.Error as error:
        raise PerfkitError("no_database", path=path, why=_gist(str(error), url)) from error


def _gist(said: str, url: str) -> str:
    """Give the driver's reason in one line, without an address or any part of a password.

    A password with an unescaped sign such as @ is cut up by the driver, and its rest named as a
    host or a port.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    line = re.sub(r"\w+://\S+", "…", " ".join(lines))
    secrets = "\n".join(found[1] or found[2] or "" for found in re.finditer(SECRET, url))

    def named(quote: re.Match[str]) -> str:
        return '"…"' if "@" in quote[1] or quote[1] in secrets else quote[0]

    return re.sub(r'"([^"]+)"', named, line) or "–"
