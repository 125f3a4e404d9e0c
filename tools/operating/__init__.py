"""What ``tools.operate`` does, by kind."""
