"""The routes of what people do about referrals: deliver again, put back, mark as dealt with."""

from __future__ import annotations

from functions.admin_api.http.access import author_of
from functions.admin_api.http.openapi import operation
from functions.admin_api.http.reading import number_in_path, user_in_path
from functions.admin_api.http.router import Route
from functions.admin_api.routes.referrals import ONE, workspace_id_of
from shared.adapters.admin import referral_answers as answers
from shared.adapters.admin.requests import MatchingReferrals, read_form
from shared.domain.signup.referral_filter import ReferralFilter
from shared.domain.signup.state import Replay
from shared.errors import InvalidSettingsError
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.operations.close_referrals import close_all, close_referral
from shared.use_cases.operations.put_back import put_back
from shared.use_cases.signup.replay_referrals import replay_all, replay_referral

MESSAGES = {
    Replay.REPLAYED: "It goes to Intercom again now.",
    Replay.ALREADY_WAITING: "It is on its way to Intercom already.",
    Replay.HELD: "It is kept until the campaign is active; then it goes to Intercom by itself.",
}


def post_replay(environment: Environment, request: HttpRequest) -> HttpAnswer:
    ids = number_in_path(request, "campaign_id"), user_in_path(request)
    became = replay_referral(environment, author_of(request.claims), *ids)
    return json_answer(200, answers.ReplayAnswer(result=became, message=MESSAGES[became]))


def post_put_back(environment: Environment, request: HttpRequest) -> HttpAnswer:
    ids = number_in_path(request, "campaign_id"), user_in_path(request)
    done = put_back(environment, author_of(request.claims), *ids)
    message = f"The contact holds again what it held: {', '.join(done.restored)}." if done.restored else "Nothing was put back."
    if done.kept:
        message += f" Changed since, so kept: {', '.join(done.kept)}."
    return json_answer(200, answers.PutBackAnswer(restored=list(done.restored), kept=list(done.kept), message=message))


def post_replays(environment: Environment, request: HttpRequest) -> HttpAnswer:
    wanted, cursor = _matching(environment, request)
    done = replay_all(environment, author_of(request.claims), wanted, cursor)
    return json_answer(
        200, answers.ReplaysAnswer(replayed=done.replayed, already_waiting=done.already_waiting, cursor=done.cursor)
    )


def post_close(environment: Environment, request: HttpRequest) -> HttpAnswer:
    ids = number_in_path(request, "campaign_id"), user_in_path(request)
    closed = close_referral(environment, author_of(request.claims), *ids)
    message = "It is marked as dealt with." if closed else "Nothing of it was open."
    return json_answer(200, answers.CloseAnswer(closed=closed, message=message))


def post_closes(environment: Environment, request: HttpRequest) -> HttpAnswer:
    wanted, cursor = _matching(environment, request)
    done = close_all(environment, author_of(request.claims), wanted, cursor)
    return json_answer(200, answers.ClosesAnswer(closed=done.closed, cursor=done.cursor))


def _matching(environment: Environment, request: HttpRequest) -> tuple[ReferralFilter, str | None]:
    """Raises InvalidSettingsError for a filter that would take everybody."""
    form = read_form(MatchingReferrals, request.body)
    wanted = ReferralFilter(
        campaign_id=form.campaign_id,
        state=form.state,
        audience=form.audience,
        email=form.email,
        flag=form.flag,
        attention=form.attention,
        reason=form.reason,
        not_in=workspace_id_of(environment) if form.elsewhere else None,
        group=form.group,
        converted=form.converted,
        text=form.text.strip() or None if form.text else None,
        since=form.since,
        until=form.until,
        people=frozenset((one.campaign_id, one.user_id) for one in form.people) if form.people else None,
    )
    if not wanted.is_narrow:
        raise InvalidSettingsError([("", "Say which ones: a state, a reason, a name, an e-mail address, or the people.")])
    return wanted, form.cursor or None


ROUTES = (
    Route(
        "POST",
        "/api/referrals/{campaign_id}/{user_id}/replay",
        post_replay,
        operation("Deliver one again; safe to press twice", answers.ReplayAnswer, parameters=ONE, problems=(404,)),
    ),
    Route(
        "POST",
        "/api/referrals/{campaign_id}/{user_id}/put-back",
        post_put_back,
        operation(
            "Put back what the contact held before this signup was written to it",
            answers.PutBackAnswer,
            parameters=ONE,
            problems=(404, 409),
            description="What somebody has changed since stays. The signup leaves the contact alone from then on.",
        ),
    ),
    Route(
        "POST",
        "/api/replays",
        post_replays,
        operation(
            "Deliver again all that match, a batch a call; safe to press twice",
            answers.ReplaysAnswer,
            body=MatchingReferrals,
            problems=(400, 404),
            form=True,
        ),
    ),
    Route(
        "POST",
        "/api/referrals/{campaign_id}/{user_id}/close",
        post_close,
        operation("Mark one as dealt with; safe to press twice", answers.CloseAnswer, parameters=ONE, problems=(404,)),
    ),
    Route(
        "POST",
        "/api/closes",
        post_closes,
        operation(
            "Mark all that match as dealt with, a batch a call; safe to press twice",
            answers.ClosesAnswer,
            body=MatchingReferrals,
            problems=(400, 404),
            form=True,
        ),
    ),
)
