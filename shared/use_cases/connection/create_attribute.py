"""A person creates an attribute of contacts in Intercom, for a mapping to write to."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.contact import Attribute
from shared.errors import InvalidSettingsError
from shared.ports.operations import Change
from shared.use_cases.environment import Environment


def create_attribute(environment: Environment, who: str, name: str, data_type: str, options: Sequence[str]) -> Attribute:
    """``options``: of the type ``options`` alone, two or more. Raises InvalidSettingsError, and what Intercom answers; after a
    lost answer a refresh of the attributes shows whether it is there."""
    is_list = data_type == "options"
    if is_list and len(set(options)) < 2:
        raise InvalidSettingsError([("options", "A list needs at least two options.")])
    if options and not is_list:
        raise InvalidSettingsError([("options", "Only the type options has options.")])
    made = environment.workspace().create_attribute(name, data_type, options)
    environment.audit.add(Change(environment.clock.now(), who, f"Created the attribute {made.name} in Intercom."))
    return made
