"""From a stranger's files to raw tables with our names: opened, mapped, mended where needed.

A file of ours, plainly written, is scanned where it lies. Any other comes in as text, is looked
over column by column, and only the columns that need it are mended; what was done is a note.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from perfkit.book import excel, names, schema, several, source, text
from perfkit.book.check import Finding
from perfkit.book.mapping import TableMap
from perfkit.book.postgres import Database
from perfkit.book.several import USUAL, Scan
from perfkit.book.source import Part, Raw
from perfkit.book.typed import quoted
from perfkit.book.unread import Unread
from perfkit.errors import nearest

__all__ = ["Progress", "open_tables", "refusal"]

SHOWN = 5
SHEETS = (".xlsx", ".xlsm", ".xls")
Found = list[Finding]
Opened = tuple[str, tuple[str, ...], Part, int]  # what to select from, header, place, epoch
Progress = Callable[[str, int, int], None]


def refusal(table: str, path: Path, error: Unread) -> Finding:
    """Say as a finding why a file cannot be taken."""
    rows = tuple({"file": path.name, "line": n, "value": value} for n, value in error.rows)
    facts = {"file": path.name, **error.facts}
    return Finding("error", error.rule, table, error.column, error.count, rows, facts)


def _note(
    rule: str, table: str, path: Path, severity: str = "note", column: str = "", **facts: Any
) -> Finding:
    return Finding(severity, rule, table, column, 1, (), {"file": path.name, **facts})


@contextlib.contextmanager
def _named(
    path: Path, dialect: text.Dialect | None = None, database: bool = False
) -> Iterator[None]:
    """Turn what an engine or a library raises into what stops the reading."""
    try:
        yield
    except Unread:
        raise
    except duckdb.Error as error:
        if dialect is not None:
            raise text.damage(path, dialect) from error
        rule = "relation_unread" if database else "damaged"
        raise Unread(rule, why=source.why(error)) from error
    except Exception as error:  # calamine raises its own classes, one a file format
        raise Unread("damaged", why=source.why(error)) from error


def _blank(columns: Sequence[str]) -> str:
    """Write that a row has nothing in it."""
    cells = ", ".join(f"NULLIF(CAST({quoted(name)} AS VARCHAR), '')" for name in columns)
    return f"COALESCE({cells}) IS NULL"


class _Table:
    """One table on its way in."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, told: TableMap, scratch: Path
    ) -> None:
        self.connection, self.told, self.scratch = connection, told, scratch
        self.table = told.table
        self.found: Found = []
        self.scans: list[Scan] = []

    @property
    def parts(self) -> list[Part]:
        """Its files, in the order of the rows."""
        return [scan.part for scan in self.scans]

    def _text(self, path: Path) -> Opened:
        dialect = text.look(path, self.told)
        usual = dialect.encoding == "utf-8" and dialect.delimiter == "," and not dialect.bom
        if not usual or dialect.ends != "LF":
            tab = "TAB" if dialect.delimiter == "\t" else dialect.delimiter
            bom = " + BOM" if dialect.bom else ""
            self.found.append(
                _note("read_as", self.table, path, encoding=dialect.encoding.upper() + bom,
                      delimiter=tab, ends=dialect.ends)
            )  # fmt: skip
        scan = text.scan(path, dialect, self.scratch / f"{self.table}{len(self.parts)}.csv")
        return scan, dialect.header, Part(path, dialect=dialect, unit=dialect.unit), USUAL

    def _sheets(self, path: Path) -> list[Opened]:
        with _named(path):
            found = excel.read_sheets(path, self.told)
        self.found += several.hidden(self.table, path, found)
        return [self._sheet(path, sheet, at, len(found) > 1) for at, sheet in enumerate(found)]

    def _sheet(self, path: Path, sheet: excel.Sheet, at: int, many: bool) -> Opened:
        import pyarrow as pa

        name = f"sheet_{self.table}_{len(self.scans) + at}"
        columns = [pa.array(column, pa.string()) for column in sheet.columns]
        self.connection.register(name, pa.table(columns, names=list(sheet.header)))
        part = Part(path, lines=sheet.lines, sheet=sheet.name, others=sheet.others)
        part = replace(part, many=many, unit=sheet.unit)
        return f"(SELECT * FROM {name})", sheet.header, part, sheet.epoch

    def _parquet(self, path: Path) -> Opened:
        where = path / "**/*.parquet" if path.is_dir() else path
        if path.is_file():
            with path.open("rb") as stream:
                start = stream.read(4)
            if start != b"PAR1":
                kind = "Excel" if start == b"PK\x03\x04" else "CSV"
                raise Unread("empty_file") if not start else Unread("not_what_it_says", kind=kind)
        scan = (
            f"read_parquet({source.sql_text(str(where))}, union_by_name = true, "
            "hive_partitioning = false)"
        )
        with _named(path):
            described = self.connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
            zoned = [row[0] for row in described if row[1] == "TIMESTAMP WITH TIME ZONE"]
            scan = self._local(path, scan, zoned) if zoned else scan
        return scan, tuple(row[0] for row in described), Part(path), USUAL

    def _local(self, path: Path, scan: str, zoned: Sequence[str]) -> str:
        """Take moments as local times of the zone the file names; without one they are UTC."""
        import pyarrow.parquet as pq

        first = next(path.rglob("*.parquet")) if path.is_dir() else path
        fields = pq.read_schema(first)
        cells = []
        for name in zoned:
            zone = getattr(fields.field(name).type, "tz", None) or "UTC"
            cells.append(f"TIMEZONE({source.sql_text(zone)}, {quoted(name)}) AS {quoted(name)}")
            count = f"SELECT COUNT({quoted(name)}) FROM {scan}"
            ((rows,),) = self.connection.execute(count).fetchall()
            note = _note("time_zone", self.table, path, "warning", column=name)
            self.found.append(replace(note, count=rows))
        return f"(SELECT * REPLACE ({', '.join(cells)}) FROM {scan})"

    def add(self, path: Path) -> None:
        """Open one file."""
        if path.suffix.lower() in SHEETS:
            opened = self._sheets(path)
        else:
            opened = [self._parquet(path) if path.suffix == ".parquet" else self._text(path)]
        for scan, header, part, epoch in opened:
            with _named(path, part.dialect):
                columns = self._columns(Path(part.label), header)
                if self._several or part.many:
                    count = f"SELECT COUNT(*) FROM {scan} WHERE NOT ({_blank(header)})"
                    ((rows,),) = self.connection.execute(count).fetchall()
                    part = replace(part, rows=rows)
            self._take(Scan(scan, header, columns, part, epoch=epoch))

    _several = False

    def add_all(self, paths: Sequence[Path]) -> None:
        """Open every file of the table."""
        self._several = len(paths) > 1
        for path in paths:
            try:
                self.add(path)
            except Unread as error:
                self.found.append(refusal(self.table, path, error))
        self.found += several.lacking(self.scans, self.told)

    def add_relation(self, database: Database) -> None:
        """Open a table of a database: only the columns that are ours, or that ours are made of."""
        relation = self.told.relation
        path = Path(relation)
        try:
            kinds = database.columns(relation)
            columns = self._columns(path, list(kinds))
            wanted = [*columns.values(), *(name for name in kinds if name in self.told.extras)]
            batches = database.fetch(relation, {name: kinds[name] for name in wanted})
        except Unread as error:
            self.found.append(refusal(self.table, path, error))
            return
        self.connection.register(f"rows_{self.table}", batches)
        part = Part(path, database=True)
        self._take(Scan(f"rows_{self.table}", tuple(wanted), columns, part))

    def _take(self, scan: Scan) -> None:
        units, said = several.units(scan, self.told)
        self.scans.append(replace(scan, units=units))
        self.found += said

    def _columns(self, path: Path, header: Sequence[str]) -> dict[str, str]:
        """Tell which of their columns is which of ours."""
        told = {names.folded(theirs): ours for ours, theirs in self.told.columns.items()}
        spec = schema.table(self.table).columns
        if not told and set(header) <= set(spec):
            return {name: name for name in header}
        out: dict[str, str] = {}
        for name in header:
            if (ours := told.get(names.folded(name))) is not None:
                out[ours] = name
        for ours, theirs in self.told.columns.items():
            if ours not in out:
                found, near = ", ".join(header), nearest(theirs, header)
                raise Unread("missing_header", column=ours, header=theirs, found=found, near=near)
        for name in header:
            if name in spec and name not in out:
                out[name] = name
        self._known(header, out)
        self._say_columns(path, header, out)
        return out

    def _known(self, header: Sequence[str], out: dict[str, str]) -> None:
        """Add the columns that go by a name we know; two of one meaning are refused."""
        exact = set(out)
        for name in header:
            ours = names.column_of(self.table, name)
            if ours is None or name in out.values() or ours in exact:
                continue
            if ours in out:
                raise Unread("doubled_meaning", column=ours, first=out[ours], second=name)
            out[ours] = name

    def _say_columns(self, path: Path, header: Sequence[str], columns: Mapping[str, str]) -> None:
        renamed = {o: t for o, t in columns.items() if o != t}
        if renamed:
            said = ", ".join(f"{theirs} → {ours}" for ours, theirs in renamed.items())
            note = _note("header_names", self.table, path, names=said)
            self.found.append(replace(note, count=len(renamed)))
            taken = {*columns.values(), *self.told.extras}
            rest = [name for name in header if name not in taken]
            if rest:
                note = _note("unused_columns", self.table, path, names=", ".join(rest))
                self.found.append(replace(note, count=len(rest)))

    @property
    def plain(self) -> bool:
        """Whether nothing needs a second look: one file of ours, plainly written."""
        if self.told.changes or len(self.scans) != 1 or self.scans[0].units:
            return False
        scan = self.scans[0]
        part, header, columns = scan.part, scan.header, scan.columns
        clean = part.dialect.plain if part.dialect else part.path.suffix == ".parquet"
        return (
            clean
            and all(ours == theirs for ours, theirs in columns.items())
            and (set(columns) <= set(header))
        )

    def _select(self, scan: Scan) -> str:
        """Choose ours by our names; what is not ours keeps its own, so that it is said."""
        theirs = {ours: quoted(name) for ours, name in scan.columns.items() if ours != name}
        theirs |= several.own_way(scan, self.scans, self.told)
        cells = [
            f"{theirs[ours]} AS {quoted(ours)}" if ours in theirs else quoted(ours)
            for ours in self._names(scan.header, scan.columns)
        ]
        return f"SELECT {', '.join(cells)} FROM {scan.sql}"

    def _names(self, header: Sequence[str], columns: Mapping[str, str]) -> list[str]:
        """List the columns taken: ours, and those that are not ours as far as they are kept."""
        taken = set(columns.values())
        rest = [name for name in header if name not in taken]
        if any(ours != theirs for ours, theirs in columns.items()):
            rest = [name for name in rest if name in self.told.extras]
        return [*columns, *rest]

    def came(self) -> None:
        """Make the table as it came, with our names; columnar files stay where they are."""
        selects = [self._select(scan) for scan in self.scans]
        kind = "VIEW" if self.columnar else "TABLE"
        body = " UNION ALL BY NAME ".join(selects)
        first = self.parts[0]
        try:
            with _named(first.path, first.dialect, first.database):
                self.connection.execute(f"CREATE OR REPLACE {kind} came_{self.table} AS {body}")
        except Unread:
            if len(self.parts) == 1:
                raise
            for part, select in zip(self.parts, selects, strict=True):
                with _named(part.path, part.dialect):
                    self.connection.execute(f"CREATE OR REPLACE TEMP TABLE tried AS {select}")
            raise
        if not self.columnar and not self.plain:
            self._without_blanks()

    def _without_blanks(self) -> None:
        """Take out rows with nothing in them, such as lines of separators."""
        described = self.connection.execute(f"DESCRIBE came_{self.table}").fetchall()
        blank = _blank([row[0] for row in described])
        came = f"came_{self.table}"
        count = f"SELECT COUNT(*) FROM {came} WHERE {blank}"
        ((rows,),) = self.connection.execute(count).fetchall()
        if rows:
            self.connection.execute(f"DELETE FROM {came} WHERE {blank}")
            path = self.parts[0].path
            self.found.append(replace(_note("blank_row", self.table, path, "warning"), count=rows))

    @property
    def columnar(self) -> bool:
        """Whether the facts stay in their files."""
        return all(part.path.suffix == ".parquet" for part in self.parts)

    def raw(self) -> Raw:
        """Give the raw table, as it came."""
        name = self.table
        self.connection.execute(f"CREATE OR REPLACE VIEW raw_{name} AS SELECT * FROM came_{name}")
        if self.plain and not self.columnar:  # all text
            first = self.scans[0]
            found = [(ours, "VARCHAR") for ours in self._names(first.header, first.columns)]
        else:
            described = self.connection.execute(f"DESCRIBE came_{name}").fetchall()
            found = [(row[0], row[1]) for row in described]
        apart = several.differing(self.scans, self.told)
        units = {c: u for scan in self.scans for c, u in scan.units.items() if c not in apart}
        return Raw(
            table=name,
            path=self.parts[0].path,
            columns=tuple(column for column, _ in found),
            types=tuple(kind for _, kind in found),
            parts=tuple(self.parts),
            told=self.told,
            headers=self.scans[0].columns,
            header=self.scans[0].header,
            units=units,
            epoch=min(scan.epoch for scan in self.scans),
            plain=self.plain,
            columnar=self.columnar,
        )


def open_tables(
    connection: duckdb.DuckDBPyConnection,
    told: Mapping[str, TableMap],
    paths: Mapping[str, Sequence[Path]],
    scratch: Path,
    database: Database | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, Raw], Found]:
    """Open every file as a raw table of the connection.

    Parameters
    ----------
    connection : DuckDBPyConnection
        The embedded engine.
    told : mapping of str to TableMap
        What book.toml says.
    paths : mapping of str to sequence of Path
        Table name to files.
    scratch : Path
        A folder for files written anew; they are no longer needed once the tables are typed.
    database : Database, optional
        Where the relations lie that book.toml names.
    progress : callable, optional
        Told before each table is read: its name, how many are done, of how many.

    Returns
    -------
    dict of str to Raw, list of Finding
        A table whose file cannot be taken is an error instead.
    """
    raws, found, taken = {}, list[Finding](), []
    for number, (table, files) in enumerate(paths.items()):
        if progress:
            progress(table, number, len(paths))
        coming = _Table(connection, told.get(table, TableMap(table)), scratch)
        if coming.told.relation and database:
            coming.add_relation(database)
        coming.add_all(files)
        if not any(f.severity == "error" for f in coming.found):
            try:
                coming.came()
                raws[table] = coming.raw()
            except Unread as error:
                coming.found.append(refusal(table, coming.parts[0].path, error))
        found += coming.found
        taken.append((coming.told, coming.parts))
    return raws, [*found, *several.unread(taken)]
