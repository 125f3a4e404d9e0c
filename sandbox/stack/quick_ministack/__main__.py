"""Starts ministack with quick queries. Run as a folder by ministack's own interpreter, which has nothing of ours."""

from __future__ import annotations

import importlib

import quick_queries  # type: ignore[import-not-found]  # beside this file: the folder is the program

quick_queries.install(importlib.import_module("ministack.services.dynamodb"))
importlib.import_module("ministack.app").main()
