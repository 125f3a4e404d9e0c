"""Proof that the layer is there."""

VALUE = "from the layer"
