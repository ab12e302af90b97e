"""Where the books, plans and notebooks that come with perfkit lie: in the wheel, or a checkout."""

from __future__ import annotations

from pathlib import Path

from perfkit.errors import PerfkitError, UnknownName

__all__ = ["book_path", "books", "notebook_path", "notebooks", "plan_path", "plans"]

_HERE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    """Prefer the copy inside the installed package; a checkout has the folders beside it."""
    inside = _HERE / "_bundle" / name
    return inside if inside.is_dir() else _HERE.parent / name


def books() -> list[str]:
    """List the bundled books.

    Examples
    --------
    >>> "district_one" in books()
    True
    """
    return sorted(p.parent.name for p in _folder("data").glob("*/book.toml"))


def notebooks() -> list[str]:
    """List the bundled notebooks, case studies with their folder.

    Examples
    --------
    >>> "monthly_review" in notebooks()
    True
    """
    root = _folder("notebooks")
    found = (p.relative_to(root) for p in root.rglob("*.ipynb"))
    return sorted(
        p.with_suffix("").as_posix() for p in found if ".ipynb_checkpoints" not in p.parts
    )


def book_path(book: str | Path) -> Path:
    """Find a book's folder by its bundled name or its path.

    Parameters
    ----------
    book : str or Path
        A bundled name such as ``"district_one"``, a folder, or the book.toml in it.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UnknownName
        Neither a bundled book nor a folder.

    Examples
    --------
    >>> book_path("district_one").name
    'district_one'
    """
    path = Path(book)
    if path.name == "book.toml" and path.is_file():
        return path.parent
    if path.is_dir():
        return path
    if str(book) in books():
        return _folder("data") / str(book)
    raise UnknownName(kind="book", name=book, allowed=books())


def notebook_path(notebook: str | Path) -> Path:
    """Find a notebook by its bundled name or its path.

    Raises
    ------
    UnknownName
        Neither a bundled notebook nor an .ipynb file.

    Examples
    --------
    >>> notebook_path("monthly_review").name
    'monthly_review.ipynb'
    """
    path = Path(notebook)
    if path.suffix == ".ipynb" and path.is_file():
        return path
    if str(notebook) in notebooks():
        return _folder("notebooks") / f"{notebook}.ipynb"
    raise UnknownName(kind="notebook", name=notebook, allowed=notebooks())


def plans() -> list[str]:
    """List the bundled plans.

    Examples
    --------
    >>> "branch_2005" in plans()
    True
    """
    return sorted(p.parent.name for p in _folder("data").glob("*/plan.toml"))


def plan_path(plan: str | Path) -> Path:
    """Find a plan by its bundled name or its path.

    Parameters
    ----------
    plan : str or Path
        A bundled name such as ``"branch_2005"``, a folder with a plan.toml, or an .xlsx file.

    Returns
    -------
    Path
        The folder, or the file.

    Raises
    ------
    UnknownName
        Neither a bundled plan nor a path.
    PerfkitError
        The path is there, but is no plan.

    Examples
    --------
    >>> plan_path("branch_2005").name
    'branch_2005'
    """
    path = Path(plan)
    if path.name == "plan.toml" and path.is_file():
        return path.parent
    if path.is_dir() and (path / "plan.toml").is_file():
        return path
    if path.suffix.lower() in {".xlsx", ".xlsm"} and path.is_file():
        return path
    if str(plan) in plans():
        return _folder("data") / str(plan)
    if path.exists():
        raise PerfkitError("no_plan", path=path)
    raise UnknownName(kind="plan", name=plan, allowed=plans())
