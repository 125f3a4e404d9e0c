"""What senders post, one row each: what it is, what came, and what is delivered, or why not.

``came`` is the event's body (text or bytes), its content type, or its query string. A row that says nothing of it expects Mila
Berg, mila@example.com. ``meta`` holds the extra fields that are kept; a text in ``no`` is the reason why nobody is delivered.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

FORM = "application/x-www-form-urlencoded"
ADA = "id=42&first_name=Mila&email=mila@example.com&source=Referred"
MILA = {"id": 42, "first_name": "Mila", "email": "mila@example.com", "source": "Referred"}


@dataclass(frozen=True)
class Row:
    """``email`` and ``name`` of the contact, ``meta`` of the person, ``referrer`` the address of who invited."""

    what: str
    body: str | bytes = ""
    kind: str = "application/json"
    query: str = ""
    email: str = "mila@example.com"
    name: str = "Mila"
    meta: dict[str, str] = field(default_factory=dict)
    referrer: str | None = None
    no: str = ""


def document(what: str, *, email: str = "mila@example.com", came: dict[str, Any] | None = None, **expected: Any) -> Row:
    """JSON with Mila's fields, changed."""
    return Row(what, json.dumps({**MILA, **(came or {})}), email=email, **expected)


def address(what: str, written: str, email: str = "mila@example.com", **expected: Any) -> Row:
    return document(what, came={"email": written}, email=email, **expected)


def form(what: str, more: str = "", *, base: str = ADA, charset: str = "", **expected: Any) -> Row:
    """A form with Mila's fields and more."""
    return Row(what, f"{base}{more}", f"{FORM}{charset}", **expected)


def raw(what: str, body: bytes, kind: str, **expected: Any) -> Row:
    return Row(what, body, kind, **expected)


def query(what: str, text: str, **expected: Any) -> Row:
    return Row(what, "", "", text, **expected)


def multipart(what: str, *fields: tuple[str, str], charset: str = "utf-8", boundary: str = "XyZ", **expected: Any) -> Row:
    mila = (("id", "42"), ("first_name", "Mila"), ("email", "mila@example.com"), ("source", "Referred"))
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in (*mila, *fields)]
    body = "".join([*parts, f"--{boundary}--\r\n"]).encode(charset)
    named = "" if charset == "utf-8" else f"; charset={charset}"
    return Row(what, body, f'multipart/form-data; boundary="{boundary}"{named}', **expected)


def box(what: str, label: str, value: Any, kept: str | None, **expected: Any) -> Row:
    """A box of the form with that label."""
    return document(what, came={label: value}, meta={} if kept is None else {label: kept}, **expected)


J = json.dumps(MILA)
RENE = {**MILA, "first_name": "René"}
SMALL = "id=42&email=mila@example.com&source=Referred&first_name="

ROWS = [
    # -- addresses
    address("an address in capitals is one person, written as she did", "MILA@Example.COM", "MILA@Example.COM"),
    address("a zero width space in front", "\u200bmila@example.com"),
    address("a zero width space inside", "mi\u200bla@example.com"),
    address("a zero width space behind", "mila@example.com\u200b"),
    address("a byte order mark in front", "\ufeffmila@example.com"),
    address("a soft hyphen", "mila\u00ad@example.com"),
    address("a mark of direction behind", "mila@example.com\u200e"),
    address("wrapped in marks of direction", "\u202amila@example.com\u202c"),
    address("a word joiner in the host", "mila@exam\u2060ple.com"),
    address("blanks around", "  mila@example.com \t"),
    address("a blank that does not break", "\u00a0mila@example.com"),
    address("a blank before the at sign", "mila @example.com"),
    address("a blank behind the at sign", "mila@ example.com"),
    address("wide characters of a Japanese keyboard", "ｍｉｌａ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
    address("a Kelvin sign", "\u212aim@example.com", "Kim@example.com"),
    address("letters with accents, composed", "mila@bu\u0308cher.example", "mila@bücher.example"),
    address("a host as DNS has it", "mila@xn--bcher-kva.example", "mila@xn--bcher-kva.example"),
    address("a Hindi host", "info@उदाहरण.भारत", "info@उदाहरण.भारत"),
    address("a Thai host", "info@ตัวอย่าง.ไทย", "info@ตัวอย่าง.ไทย"),
    address("a Tamil host", "info@உதாரணம்.இந்தியா", "info@உதாரணம்.இந்தியா"),
    address("a Turkish capital I", "INFO@İstanbul.example", "INFO@İstanbul.example"),
    address("a Cyrillic host", "mila@пример.рф", "mila@пример.рф"),
    address("a Japanese host", "mila@例え.jp", "mila@例え.jp"),
    address("a plus tag", "mila+autumn@example.com", "mila+autumn@example.com"),
    address("an apostrophe that PHP escaped", "o&#039;hara@example.com", "o'hara@example.com"),
    address("no host", "mila@localhost", no="No mail system"),
    address("two at signs", "mila@@example.com", no="No mail system"),
    address("a comma between two addresses", "a@example.com,b@example.com", no="No mail system"),
    address("longer than mail systems take", f"{'m' * 250}@example.com", no="No mail system"),
    address("as long as a book", "m" * 50_000 + "@example.com", no="No mail system"),
    address("a dash", "-", no="There is no e-mail"),
    address("the word null", "null", no="There is no e-mail"),
    address("the words N/A", "N/A", no="There is no e-mail"),
    # -- lossy senders
    query("a query whose plus was not encoded", f"{SMALL}Mila".replace("mila@", "mila+crm@"), email="mila+crm@example.com"),
    query("a referrer's plus that was not encoded", f"{ADA}&referrer_id=41&referrer_email=rolf+crm@example.com",
          referrer="rolf+crm@example.com"),
    query("an encoded plus", ADA.replace("mila@", "mila%2Bcrm@"), email="mila+crm@example.com"),
    form("a form whose plus was not encoded", base=ADA.replace("mila@", "mila+crm@"), email="mila+crm@example.com"),
    form("two pluses", base=ADA.replace("mila@", "mila+a+b@"), email="mila+a+b@example.com"),
    form("blanks of a form in front of the address", base=ADA.replace("mila@", "+mila@")),
    document("a name that PHP escaped", came={"first_name": "Ma&#039;ikel"}, name="Ma'ikel"),
    document("a last name that PHP escaped", came={"Last Name": "O&#039;Brien &amp; Sons"}, name="Mila O'Brien & Sons",
         meta={"Last Name": "O'Brien & Sons"}),
    document("quotes that PHP escaped", came={"Motto": "&quot;Go&quot;"}, meta={"Motto": '"Go"'}),
    document("escaped once only", came={"Motto": "&amp;amp;"}, meta={"Motto": "&amp;"}),
    document("a label that PHP escaped", came={"Friend&#039;s town": "Rome"}, meta={"Friend's town": "Rome"}),
    form("separators written as HTML", base=ADA.replace("&", "&amp;")),
    # -- kinds of body
    Row("JSON", J),
    Row("JSON that calls itself a text", J, "text/plain"),
    Row("JSON without a type", J, ""),
    Row("JSON with blanks around", f"\n {J} \r\n"),
    form("a form"),
    form("a form that names its charset", charset="; charset=UTF-8"),
    Row("a form that calls itself a text", ADA, "text/plain"),
    query("a query", ADA),
    Row("JSON with a mark", b"\xef\xbb\xbf" + J.encode()),
    raw("a form with a mark", b"\xef\xbb\xbf" + ADA.encode(), FORM),
    raw("JSON in UTF-16 with a mark", J.encode("utf-16"), "application/json"),
    raw("JSON in UTF-16 that its header names", J.encode("utf-16-le"), "application/json; charset=utf-16"),
    raw("JSON in UTF-16, the other end first", J.encode("utf-16-be"), "application/json; charset=utf-16"),
    raw("JSON in UTF-16LE", J.encode("utf-16-le"), "application/json; charset=UTF-16LE"),
    raw("JSON in UTF-16 that nobody names", J.encode("utf-16-le"), "application/json"),
    raw("a form in UTF-16", ADA.encode("utf-16"), FORM),
    raw("JSON in ISO-8859-1", json.dumps(RENE, ensure_ascii=False).encode("latin-1"),
        "application/json; charset=ISO-8859-1", name="René"),
    raw("JSON in windows-1252", json.dumps({**MILA, "first_name": "Zoë’s"}, ensure_ascii=False).encode("cp1252"),
        'application/json; charset="windows-1252"', name="Zoë’s"),
    raw("a form in ISO-8859-1, escaped", f"{SMALL}Ren%E9".encode(), f"{FORM}; charset=ISO-8859-1", name="René"),
    raw("a form in ISO-8859-1, as it is", f"{SMALL}René".encode("latin-1"), f"{FORM}; charset=iso-8859-1", name="René"),
    raw("a form in ISO-8859-2", f"{SMALL}Łucja".encode("iso8859-2"), f"{FORM}; charset=iso-8859-2", name="Łucja"),
    raw("a form in windows-1251", f"{SMALL}Иван".encode("cp1251"), f"{FORM}; charset=windows-1251", name="Иван"),
    raw("JSON in Shift JIS", json.dumps({**MILA, "first_name": "花子"}, ensure_ascii=False).encode("shift_jis"),
        "application/json; charset=Shift_JIS", name="花子"),
    raw("a form that says ASCII and is UTF-8", f"{SMALL}Ren%C3%A9".encode(), f"{FORM}; charset=us-ascii", name="René"),
    raw("a charset nobody knows, and plain letters", J.encode(), "application/json; charset=x-none"),
    raw("a charset nobody knows, and others", f"{SMALL}Ren\xe9".encode("latin-1"), f"{FORM}; charset=x-none",
        no="nobody here knows the charset"),
    raw("a charset that is not named", f"{SMALL}Ren\xe9".encode("latin-1"), FORM, no="not in the charset"),
    raw("an escape that is not UTF-8", f"{SMALL}Ren%E9".encode(), FORM, no="not in the charset"),
    multipart("multipart"),
    multipart("multipart with an extra field", ("Town", "São Paulo"), meta={"Town": "São Paulo"}),
    multipart("multipart in ISO-8859-1", ("Town", "Orléans"), charset="iso-8859-1", meta={"Town": "Orléans"}),
    multipart("multipart with several lines", ("Story", "one\ntwo"), meta={"Story": "one\r\ntwo"}),
    multipart("multipart with a repeated name", ("interests", "Sport"), ("interests", "Music"), meta={"interests": "Sport, Music"}),
    multipart("multipart with an odd boundary", boundary="----WebKitFormBoundary7MA4YWxk"),
    raw("multipart without a boundary", b"--a\r\n\r\n--a--", "multipart/form-data", no="has no boundary"),
    raw("multipart with another boundary", b"--b\r\n\r\n--b--", "multipart/form-data; boundary=a", no="not hold its boundary"),
    # -- repeated names
    form("boxes with one name", "&interests=Sport&interests=Music", meta={"interests": "Sport, Music"}),
    form("boxes with brackets", "&interests[]=Sport&interests[]=Music", meta={"interests": "Sport, Music"}),
    form("one box with brackets", "&interests[]=Sport", meta={"interests": "Sport"}),
    form("boxes with numbers", "&interests[0]=Sport&interests[1]=Music", meta={"interests": "Sport, Music"}),
    form("boxes with names", "&interests[sport]=on&interests[music]=on",
         meta={"interests.sport": "on", "interests.music": "on"}),
    form("brackets that are escaped", "&interests%5B%5D=Sport&interests%5B%5D=Music", meta={"interests": "Sport, Music"}),
    form("the 0 that Rails hides before a ticked box", "&newsletter=0&newsletter=1", meta={"newsletter": "1"}),
    form("the 0 of a box that is not ticked", "&newsletter=0", meta={"newsletter": "0"}),
    form("the same twice", "&source=Referred"),
    form("the same e-mail twice", "&email=mila@example.com"),
    form("the e-mail twice, in two letter cases", "&email=MILA@example.com"),
    form("two e-mails", "&email=other@example.com", no="twice with different values: email"),
    form("two ids", "&id=43", no="twice with different values: id"),
    form("two campaigns", "&campaign_id=1&campaign_id=2", no="twice with different values: campaign_id"),
    form("two first names: the last counts", "&first_name=Milena", name="Milena"),
    Row("a name twice in JSON", J[:-1] + ', "Town": "Rome", "Town": "Oslo"}', meta={"Town": "Rome, Oslo"}),
    Row("two ids in JSON", J[:-1] + ', "id": 43}', no="twice with different values: id"),
    document("a list in JSON", came={"interests": ["Sport", "Music"]}, meta={"interests": "Sport, Music"}),
    document("an object in JSON", came={"Address": {"Town": "Rome", "Zip": 10}}, meta={"Address.Town": "Rome", "Address.Zip": "10"}),
    # -- envelopes
    Row("an envelope called data", json.dumps({"data": MILA})),
    Row("an envelope called user", json.dumps({"event": "joined", "user": MILA}), meta={"event": "joined"}),
    Row("an envelope with an id of its own", json.dumps({"id": 9, "type": "user.joined", "data": MILA})),
    document("an object called data beside the id", came={"data": {"utm": "mail"}}, meta={"data.utm": "mail"}),
    document("an object called user beside the id", came={"user": {"id": 7, "agent": "Bo"}}, meta={"user.id": "7", "user.agent": "Bo"}),
    Row("brackets around the user", "user[id]=42&user[first_name]=Mila&user[email]=mila@example.com&user[source]=Referred", FORM),
    # -- labels that are names of ours
    box("a box called event", "event", "Spring fair", "Spring fair"),
    box("a box called qualified", "qualified", "1", "1"),
    box("a box called ip", "ip", "192.0.2.1", "192.0.2.1"),
    box("a box called campaign", "campaign", "Autumn", "Autumn"),
    box("a box called reach", "reach", "Europe", "Europe"),
    box("a box called promotion", "promotion", "SAVE", "SAVE"),
    box("a box called sharing", "sharing", "yes", "yes"),
    box("a box called data", "data", "42 GB", "42 GB"),
    box("a box called user", "user", "mila_b", "mila_b"),
    box("a box called name beside the first name", "name", "Mila B.", "Mila B."),
    # -- nothing
    box("an empty box", "Town", "", None),
    box("a box that says null", "Town", "null", None),
    box("a box that says N/A", "Town", "N/A", None),
    box("a box that holds a dash", "Town", "-", None),
    box("a date of zeros", "Birthday", "0000-00-00", None),
    box("a time of zeros", "Birthday", "0000-00-00 00:00:00", None),
    box("somebody called Null", "Last Name", "Null", "Null", name="Mila Null"),
    box("a nought is a value", "Children", 0, "0"),
    document("PHP's empty lists", came={"meta": [], "analytics": [], "referrer": [], "qr": []}),
    document("PHP's false for an object", came={"referrer": False, "analytics": False}),
    # -- texts
    document("emoji of several parts", came={"first_name": "Mila 👩‍👩‍👧"}, name="Mila 👩‍👩‍👧"),
    document("an escaped NUL in a name", came={"first_name": "Mi\x00la"}),
    document("half a character in a name", came={"first_name": "Mila\ud83d"}),
    form("a raw line end in a text", "&Story=one\ntwo", meta={"Story": "one\ntwo"}),
    raw("a raw NUL in a form", ADA.encode() + b"&x=\x00", FORM, no="raw control characters"),
    Row("half a document", J[:-5], no="not valid JSON"),
    Row("a list", "[1]", no="not a JSON object"),
    Row("plain words", "hello", "text/plain", no="neither JSON nor a form"),
    form("more fields than a form has", "".join(f"&f{n}=1" for n in range(600)), no="more than 500 fields"),
    form("separators without fields", "&" * 60_000),
    Row("a nest of brackets", '{"a":' * 9_000, no="the webhook cannot be read"),
    document("a code with stray blanks", came={"code": " Iv0 K0de\u200b"}),
    document("an id with a mark", came={"id": "\ufeff42"}),
]  # fmt: skip
