"""In-memory stand-ins of AWS that answer like boto3 clients; clock and chance are injected."""
