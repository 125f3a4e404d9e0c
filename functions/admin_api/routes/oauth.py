"""The way back from Intercom: the only public route here. It answers pages, for a browser comes."""

from __future__ import annotations

import html

from functions.admin_api.http.reading import text_in_query
from functions.admin_api.routes.connection import CALLBACK_PATH, COOKIE
from shared.errors import ApplicationError, ConflictError, RejectedError, TransientError
from shared.observability import logger
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest
from shared.use_cases.connection.connect_intercom import finish_oauth, take_state
from shared.use_cases.operations.keep_act import kept_act

HTML = "text/html; charset=utf-8"
FORGET = f"{COOKIE}=; Path={CALLBACK_PATH}; Max-Age=0; HttpOnly; SameSite=Lax"
FINISHED = f"Connect Intercom by OAuth, the way back (GET {CALLBACK_PATH})"
POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Intercom was not connected</title><link rel="stylesheet" href="/console/parts/style.css">
<link rel="stylesheet" href="/console/parts/pages.css"></head><body><main><h1>Intercom was not connected</h1>
<p class="note warn">{}</p><p><a href="/#/connection">Back to the page Connection</a></p></main></body></html>"""


def finish(environment: Environment, request: HttpRequest) -> HttpAnswer:
    """303 to the console when the workspace is connected, else a page that says why not."""
    settings = environment.settings
    region = "" if settings.intercom_api_url else settings.intercom_region
    state, code = text_in_query(request, "state") or "", text_in_query(request, "code") or ""
    try:
        begun = take_state(environment, state)
        with kept_act(environment, begun.by, FINISHED):
            finish_oauth(environment, region, begun, request.cookies.get(COOKIE, ""), code)
    except ConflictError as error:
        return _page(409, str(error))
    except RejectedError as error:
        return _page(400, str(error))
    except TransientError:
        return _page(503, "This did not work just now. Please begin again in the console.")
    except ApplicationError as error:
        logger.warning("oauth failed", error=type(error).__name__)
        return _page(400, "Intercom refused to connect. Please begin again in the console.")
    return HttpAnswer(303, {"location": "/#/connection"}, "", (FORGET,))


def _page(status: int, why: str) -> HttpAnswer:
    headers = {"content-type": HTML, "content-security-policy": POLICY}
    return HttpAnswer(status, headers, PAGE.format(html.escape(why)), (FORGET,))
