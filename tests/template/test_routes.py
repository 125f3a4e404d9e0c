"""Who may come in where."""

from __future__ import annotations

import json
from typing import Any

from tests.template.reading import Resources

WRITTEN = (
    "/webhooks/referral-factory",
    "/Webhooks/referral-factory",
    "/Webhooks/Referral-Factory",
    "/WEBHOOKS/REFERRAL-FACTORY",
)
"""Letter cases in which people type the address of Referral Factory's webhooks; no other spelling comes in."""
SIGNUPS = [f"{method} {path}/{{campaign_id}}/{{event+}}" for path in WRITTEN for method in ("POST", "GET")]
PUBLIC = {
    **dict.fromkeys(SIGNUPS, "SignupWebhookFunction"),
    "HEAD /webhooks/intercom": "IntercomWebhookFunction",
    "POST /webhooks/intercom": "IntercomWebhookFunction",
    "POST /webhooks/intercom/uninstall": "IntercomWebhookFunction",
    "POST /webhooks/intercom/health": "IntercomWebhookFunction",
    "GET /oauth/intercom/callback": "AdminApiFunction",
    "GET /": "ConsoleFunction",
    "GET /console/{file+}": "ConsoleFunction",
}
PRIVATE = {"ANY /api/{proxy+}": "AdminApiFunction"}


def routes(resources: Resources) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Route → the function behind it and what the API demands for it."""
    found = {}
    for path, item in resources.properties("HttpApi")["Body"]["paths"].items():
        for method, operation in item.items():
            name = "ANY" if method.startswith("x-") else method.upper()
            address = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            function = address.partition("functions/${")[2].partition("Aliaslive}")[0]
            found[f"{name} {path}"] = (function, operation["security"])
    return found


def test_public_routes_are_a_closed_list(resources: Resources) -> None:
    public = {route: function for route, (function, security) in routes(resources).items() if security == [{"NONE": []}]}
    assert public == PUBLIC


def test_everything_else_needs_a_token(resources: Resources) -> None:
    private = {route: function for route, (function, security) in routes(resources).items() if security == [{"SignIn": []}]}
    assert private == PRIVATE
    assert len(routes(resources)) == len(PUBLIC) + len(PRIVATE)


def test_a_token_is_checked_against_issuer_and_audience(resources: Resources) -> None:
    schemes = resources.properties("HttpApi")["Body"]["components"]["securitySchemes"]
    authorizer = schemes["SignIn"]["x-amazon-apigateway-authorizer"]
    assert authorizer["type"] == "jwt"
    assert authorizer["identitySource"] == "$request.header.Authorization"
    assert {"Ref": "OidcIssuer"} in authorizer["jwtConfiguration"]["issuer"]["Fn::If"]
    assert [{"Ref": "OidcAudience"} in audience["Fn::If"] for audience in authorizer["jwtConfiguration"]["audience"]] == [True]


def test_a_storm_of_signups_is_not_throttled(resources: Resources) -> None:
    settings = resources.properties("HttpApiApiGatewayDefaultStage")["DefaultRouteSettings"]
    assert settings["ThrottlingRateLimit"] * 60 >= 6 * 10_000
    assert settings["ThrottlingBurstLimit"] >= 1_000


def test_the_public_pages_have_a_pace_of_their_own(resources: Resources) -> None:
    """Nobody's storm: who loads pages in a loop must not use up what webhooks need."""
    paces = resources.properties("HttpApiApiGatewayDefaultStage")["RouteSettings"]
    pages = {route for route, function in PUBLIC.items() if function in ("ConsoleFunction", "AdminApiFunction")}
    assert set(paces) == pages
    assert {(pace["ThrottlingRateLimit"], pace["ThrottlingBurstLimit"]) for pace in paces.values()} == {(50, 100)}


def test_the_access_log_holds_no_persons_facts(resources: Resources) -> None:
    log = resources.properties("HttpApiApiGatewayDefaultStage")["AccessLogSettings"]["Format"]["Fn::Sub"]
    assert not [word for word in ("query", "header", "claims", "sourceIp", "userAgent", "identity") if word in log[0]]
    assert log[1] == {"Address": {"Fn::If": ["LogAddresses", ',"address":"$context.identity.sourceIp"', ""]}}
    for address in ("", ',"address":"$context.identity.sourceIp"'):
        assert isinstance(json.loads(log[0].replace("${Address}", address)), dict)


def test_in_the_user_pool_only_an_administrator_creates_people(resources: Resources) -> None:
    pool = resources.properties("UserPool")
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["DeletionProtection"] == "ACTIVE"


def test_people_of_the_user_pool_need_an_authenticator_app(expanded: dict[str, Any], resources: Resources) -> None:
    pool = resources.properties("UserPool")
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ({"Ref": "AdminMfa"}, ["SOFTWARE_TOKEN_MFA"])
    assert expanded["Parameters"]["AdminMfa"]["Default"] == "ON"
    assert "OFF" not in expanded["Parameters"]["AdminMfa"]["AllowedValues"]


def test_an_address_signs_in_in_any_letter_case(resources: Resources) -> None:
    pool = resources.properties("UserPool")
    assert pool["UsernameAttributes"] == ["email"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}


def test_the_group_is_the_one_the_code_asks_for(resources: Resources) -> None:
    assert resources.properties("UserPoolGroup")["GroupName"] == {"Ref": "AdminGroup"}


def test_the_browser_signs_in_with_a_code_and_without_a_secret(resources: Resources) -> None:
    client = resources.properties("UserPoolClient")

    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]

    own = {"Fn::Sub": "https://${DomainName}/"}
    assert client["CallbackURLs"] == client["LogoutURLs"] == [{"Fn::If": ["OwnDomain", own, {"Ref": "ConsoleUrl"}]}]


def test_a_user_pool_is_made_only_where_no_issuer_is_named(expanded: dict[str, Any], resources: Resources) -> None:
    assert expanded["Conditions"]["MakeUserPool"] == {"Fn::Equals": [{"Ref": "OidcIssuer"}, ""]}
    assert {"Condition": "MakeUserPool"} in expanded["Conditions"]["MakeViewerGroup"]["Fn::And"]

    pool = {name for name, entry in resources.entries.items() if entry["Type"].startswith("AWS::Cognito::")}
    conditions = {name: resources.entries[name].get("Condition") for name in pool}
    assert conditions.pop("UserPoolViewerGroup") == "MakeViewerGroup"
    assert set(conditions.values()) == {"MakeUserPool"}
