"""What can keep the local stack from starting. Each message is one clear line for a person."""

from __future__ import annotations


class StackError(Exception):
    """The local stack cannot start or go on; the message says why and what to do."""


class PortTakenError(StackError):
    """One of the five ports is in use."""


class MinistackError(StackError):
    """ministack is not installed or does not start."""


class DeploymentError(StackError):
    """CloudFormation refused the template; ``reasons`` holds a line for each failed resource."""

    def __init__(self, message: str, reasons: list[str] | None = None) -> None:
        super().__init__(message)
        self.reasons = reasons or []
