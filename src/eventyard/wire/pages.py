"""What the pages of documentation share, whichever front door shows them: the headers that guard them, and Swagger UI.

It knows no path but those it is given. The pages stand with their doors: ``api/docs.py``, ``dialects/eventhos/docs.py``
and ``dialects/data_events/page.py``.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_GUARDS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src {styles}; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

GUARDED = {"content-security-policy": _POLICY.format(styles="'self'"), **_GUARDS}
"""The headers of a page whose scripts and styles are files of ours."""

GUARDED_SWAGGER = {"content-security-policy": _POLICY.format(styles="'self' 'unsafe-inline'"), **_GUARDS}
"""The same where styles may stand inline, because Swagger UI writes some; scripts may not."""

_START = """const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  url: "%s",
  dom_id: "#swagger",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""


def swagger_start(url: str) -> str:
    """The script that starts Swagger UI on the OpenAPI document at ``url``, as dark or light as the reader's system.

    Swagger UI has a dark side, but looks for the reader's wish in a layout that we do not use.
    """
    return _START % url


def operations_table(document: Mapping[str, Any]) -> str:
    """Every operation of an OpenAPI document, as a table: what a reader without Swagger UI sees."""
    return (
        "<table>\n<thead><tr><th>Method</th><th>Path</th><th>What it does</th></tr></thead>\n"
        f"<tbody>\n{''.join(_rows(document))}</tbody>\n</table>"
    )


def _rows(document: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield (
                f"<tr><td>{method.upper()}</td><td><code>{escape(path)}</code></td>"
                f"<td>{escape(operation.get('summary', ''))}</td></tr>\n"
            )
