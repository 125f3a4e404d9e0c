"""What `make bench` measures: imports, warm handlers, vendor calls per signup, and the local stack from webhook to contact."""
