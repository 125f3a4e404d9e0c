"""The version of the application: the console's foot, the API's description, `operate status` and a stack's output show it.

CHANGELOG.md says what each version changed and what an upgrade needs. A test compares them all.
"""

VERSION = "0.1.0"
