"""The page that checks a proof, as one file to save: it works from a disk, without network and without this program."""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path

_FOLDER = Path(__file__).parent / "static" / "transparency"
_STYLE = re.compile(r'<link rel="stylesheet" href="([a-z-]+\.css)">')
_SCRIPT = re.compile(r'<script src="([a-z-]+\.js)"></script>')
_CHARSET = '<meta charset="utf-8">\n'


def offline_verifier_html(log_keys: Sequence[str] = ()) -> str:
    """Return the page with its style and scripts inside, under 100 KB.

    Parameters
    ----------
    log_keys
        Verifier keys of the logs that the page trusts unless its reader enters another. Without any, the page tells
        its reader that the key in a proof file proves nothing about whose it is.

    Its own content security policy lets it load and send nothing, and run only the scripts that it holds.

    """
    page = (_FOLDER / "verify.html").read_text(encoding="utf-8")
    styles = {name: _read(name) for name in _STYLE.findall(page)}
    scripts = {name: _read(name) for name in _SCRIPT.findall(page)}
    policy = (
        f"default-src 'none'; style-src {_hashes(styles.values())}; script-src {_hashes(scripts.values())}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = f'{_CHARSET}<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    head += "".join(f'<meta name="sameboat-log-key" content="{escape(key)}">\n' for key in log_keys)
    page = page.replace(_CHARSET, head, 1)
    page = _STYLE.sub(lambda match: f"<style>{styles[match[1]]}</style>", page)
    return _SCRIPT.sub(lambda match: f"<script>{scripts[match[1]]}</script>", page)


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hashes(texts: Iterable[str]) -> str:
    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)
