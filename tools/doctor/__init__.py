"""``python -m tools.doctor``: looks at a deployment from outside and says, line by line, what somebody has to do.

It changes nothing. Both vendors are called a few times within the deployment's own limits; what comes of those calls never
opens a breaker, for this machine is not where the functions run.
"""
