"""Somebody on call, at the keyboard."""

from __future__ import annotations

import json

from tests.support.builders import App
from tests.support.deployed import AppDeployment, Aws
from tools import operate
from tools.operating.operator import Operator


class Night:
    """An app, its stack, and somebody at the keyboard who answers ``answer`` and types ``secret``."""

    def __init__(self) -> None:
        self.app = App()
        self.app.configure()
        self.aws = Aws(self.app)
        self.answer, self.secret = "y", ""
        self.asked: list[str] = []

    def call(self, *words: str) -> str:
        operator = Operator(ask=self._ask, read_hidden=lambda _: self.secret)
        arguments = operate.parser().parse_args(["--stack", "x", *words])
        return "\n".join(operate.lines_of(AppDeployment(self.app, self.aws), arguments, operator))

    def _ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answer

    def stored(self, secret: str) -> dict[str, str]:
        value: dict[str, str] = json.loads(self.app.secrets.get_secret_value(SecretId=secret)["SecretString"])
        return value
