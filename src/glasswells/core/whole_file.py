"""Files that appear under their names whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

WITHOUT_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""By which a file system says that it has no hard links."""


DRAFT = re.compile(r"\.[0-9a-f]{12}-(.+)")
"""Names of drafts."""


def draft_of(path: Path) -> Path:
    """A name beside a file that no other process uses, with the same ending."""
    return path.with_name(f".{secrets.token_hex(6)}-{path.name[-150:]}")


def is_draft(name: str, of: str) -> bool:
    """Whether a file name is that of a draft, or of a file beside it that begins like it."""
    found = DRAFT.fullmatch(name)
    return found is not None and found[1].startswith(of)


DRAFTS, BEFORE = "files", "before"
"""Folders of a set of files on its way: the new ones, and second names of those they replace, which
is made when all new ones are on the disk."""


@contextmanager
def whole_file(path: Path, *, replace: bool = True) -> Iterator[Path]:
    """A draft to write to, which takes the place of the file when it is complete and on the disk.

    It has the permissions of the file that it replaces. A link stays a link to the file, and what
    is no file, such as a pipe, is written to directly.

    Raises
    ------
    FileExistsError
        If there is one that is not to be replaced.
    OSError
        If it cannot be written; then a file of before is as it was, and the draft is gone.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        yield path
        return
    draft = draft_of(path)
    try:
        yield draft
        if replace:
            if path.exists():
                draft.chmod(path.stat().st_mode & 0o777)
            sync(draft)
            os.replace(draft, path)
            sync(path.parent)
        else:
            publish(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


@contextmanager
def whole_files(directory: Path) -> Iterator[Path]:
    """A folder for drafts, which take their names in `directory` together when all are written.

    A new `directory` gets its name with all of them in it. Where it is there already, one after the
    other takes its place; if one cannot, those that had are taken back, and what they replaced
    stands again. What a process left that was killed, the next call puts right: drafts that were
    not complete go, and those of which some had their names get the others, too.

    Raises
    ------
    OSError
        If they cannot be written; then the files of before are as they were.
    """
    is_new = not os.path.lexists(directory)
    inside = directory, ".drafts-"
    beside = directory.parent, f".{directory.name[-100:]}-drafts-"
    place, prefix = beside if is_new else inside
    place.mkdir(parents=True, exist_ok=True)
    # The folder may have come, or gone, since the process that was killed looked for it.
    for folder, name in (inside, beside):
        for left in sorted(folder.glob(f"{glob.escape(name)}*")):
            _put_right(left, directory)
    holder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    lock = _locked(holder)
    try:
        drafts = holder / DRAFTS
        drafts.mkdir()
        yield drafts
        if not (is_new and _named(drafts, directory)):
            directory.mkdir(exist_ok=True)
            _publish_together(drafts, holder / BEFORE, directory)
    finally:
        shutil.rmtree(holder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """A lock on a folder, which ends with this process; None if another one has it, or none can."""
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _put_right(left: Path, directory: Path) -> None:
    """End what a process had begun that was killed; what another one is at is left alone."""
    lock = _locked(left)
    if lock is None:
        return
    try:
        # All were complete, and some may have their names.
        if (left / BEFORE).is_dir() and directory.is_dir():
            for draft in sorted((left / DRAFTS).iterdir()):
                os.replace(draft, directory / draft.name)
            sync(directory)
        shutil.rmtree(left, ignore_errors=True)
    finally:
        os.close(lock)


def _named(drafts: Path, directory: Path) -> bool:
    """Give a folder its name, with all that is in it, unless another process was faster."""
    for draft in (*sorted(drafts.iterdir()), drafts):
        sync(draft)
    try:
        os.rename(drafts, directory)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise
        return False
    sync(directory.parent)
    return True


def _publish_together(drafts: Path, before: Path, directory: Path) -> None:
    written = sorted(drafts.iterdir())
    for draft in (*written, drafts):
        sync(draft)
    before.mkdir()
    new = []
    try:
        for draft in written:
            path = directory / draft.name
            if path.is_file():
                _keep(path, before / draft.name)
                draft.chmod((before / draft.name).stat().st_mode & 0o777)
                os.replace(draft, path)
            else:
                publish(draft, path)
                new.append(path)
        sync(directory)
    except BaseException:
        for kept in before.iterdir():
            os.replace(kept, directory / kept.name)
        for path in new:
            path.unlink(missing_ok=True)
        raise


def _keep(path: Path, kept: Path) -> None:
    """A second name for a file, or, without links, its only one."""
    try:
        os.link(path, kept)
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise
        os.rename(path, kept)


def write_whole(path: Path, text: str, *, errors: str = "strict", replace: bool = True) -> None:
    """Write a text to a file, whole or not at all.

    Raises
    ------
    FileExistsError
        If there is one that is not to be replaced.
    OSError
        If it cannot be written.
    """
    with whole_file(path, replace=replace) as draft:
        draft.write_text(text, encoding="utf-8", errors=errors)


def publish(draft: Path, path: Path) -> None:
    """Give a draft its name, never in place of another file.

    Raises
    ------
    FileExistsError
        If there is something of that name.
    OSError
        If the folder cannot be written.
    """
    sync(draft)
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.rename(draft, path)
    else:
        draft.unlink()
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk; of a folder this means the names in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
