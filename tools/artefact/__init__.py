"""What is shipped, run as Lambda runs it: a function's folder, the layer, Lambda's own packages, and nothing else.

``make build`` does it to ``.aws-sam/build`` with Python 3.13; ``python -m tools.artefact`` to what the local stack would
deploy, with the interpreter of here, and says so.
"""
