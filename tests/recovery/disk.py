"""A disk that forgets: what a program wrote, replayed from its system calls, as a power cut at any of them leaves it.

What was flushed stays. Of what was not, each write may be there, be missing, or be there in some of its sectors, in any
order; names made, changed and removed since their folder was flushed are there up to some moment.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = "openat,pwrite64,write,ftruncate,fdatasync,fsync,?rename,?renameat,?renameat2,?unlink,?unlinkat"
RECORDING = ("-f", "-qq", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}")
"""Options of strace under which it writes what `read` reads."""

_LINE = re.compile(r"^\d+ +(?P<call>\w+)\((?P<rest>.*)\) += (?P<result>-?\d+)", re.ASCII)
_FD = re.compile(r"\d+<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def _bytes(hexed):
    return bytes.fromhex(hexed.replace("\\x", ""))


@dataclass(frozen=True)
class Call:
    """One system call: its name, the path that it is about, and what it writes there."""

    name: str
    path: Path
    data: bytes = b""
    number: int = 0
    flags: str = ""


def read(trace):
    """Yield the calls that a strace file records and that succeeded."""
    for line in trace.read_text().splitlines():
        found = _LINE.match(line)
        if found is None or found["result"].startswith("-"):
            assert not re.search("unfinished|resumed", line), "two threads wrote at once"
            continue
        name, rest = found["call"], found["rest"]
        texts = [_bytes(text) for text in _TEXT.findall(rest)]
        path = Path(_bytes(_FD.match(rest)[1]).decode()) if _FD.match(rest) else Path(texts[0].decode())
        if name == "openat":
            yield Call(name, Path(texts[0].decode()), flags=rest)
        elif name == "pwrite64":
            yield Call(name, path, texts[0], int(rest.rsplit(", ", 1)[1]))
        elif name == "write":
            yield Call(name, path, texts[0])
        elif name == "ftruncate":
            yield Call(name, path, number=int(rest.rsplit(", ", 1)[1]))
        elif name.startswith("rename"):
            yield Call("rename", Path(texts[0].decode()), texts[1])
        elif name.startswith("unlink"):
            yield Call("unlink", Path(texts[0].decode()))
        else:
            yield Call("flush", path)


@dataclass(eq=False)
class _File:
    flushed: bytearray
    waiting: list = field(default_factory=list)  # (offset, data), or (length, None) for a cut
    end: int = 0  # where `write` goes on

    def after(self, chance):
        """Return the content that a power cut leaves."""
        content = bytearray(self.flushed)
        for offset, data in self.waiting:
            luck = chance.random()
            if luck < 1 / 3:
                continue
            if data is None:
                del content[offset:]
                content.extend(bytes(offset - len(content)))
                continue
            whole = luck < 2 / 3
            for start in range(0, len(data), SECTOR):
                if whole or chance.random() < 0.5:
                    _put(content, offset + start, data[start : start + SECTOR])
        return bytes(content)

    def flush(self):
        for offset, data in self.waiting:
            if data is None:
                del self.flushed[offset:]
                self.flushed.extend(bytes(offset - len(self.flushed)))
            else:
                _put(self.flushed, offset, data)
        self.waiting.clear()


def _put(content, offset, data):
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


class Disk:
    """The files of a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.names = {path: _File(bytearray(path.read_bytes())) for path in folder.rglob("*") if path.is_file()}
        self.flushed = dict(self.names)
        self.waiting = []  # (path, the file that is there from now on, None where none is)

    def do(self, call):
        """Carry out one call; calls elsewhere than in the folder are left out."""
        if call.name == "flush" and call.path == self.folder:
            self.flushed, self.waiting = dict(self.names), []
        if self.folder not in call.path.parents:
            return
        file = self.names.get(call.path)
        if call.name == "openat":
            if file is None and "O_CREAT" in call.flags:
                self._name(call.path, _File(bytearray()))
            elif file is not None and "O_TRUNC" in call.flags:
                file.waiting.append((0, None))
            if call.path in self.names:
                self.names[call.path].end = 0
        elif call.name == "pwrite64":
            file.waiting.append((call.number, call.data))
        elif call.name == "write":
            file.waiting.append((file.end, call.data))
            file.end += len(call.data)
        elif call.name == "ftruncate":
            file.waiting.append((call.number, None))
        elif call.name == "flush" and file is not None:
            file.flush()
        elif call.name == "unlink":
            self._name(call.path, None)
        elif call.name == "rename":
            self._name(call.path, None)
            self._name(Path(call.data.decode()), file)

    def _name(self, path, file):
        self.waiting.append((path, file))
        _name(self.names, path, file)

    def after(self, chance):
        """Return what a power cut now leaves: content by path."""
        names = dict(self.flushed)
        for path, file in self.waiting[: chance.randint(0, len(self.waiting))]:
            _name(names, path, file)
        return {path: file.after(chance) for path, file in names.items()}


def _name(names, path, file):
    if file is None:
        names.pop(path, None)
    else:
        names[path] = file
