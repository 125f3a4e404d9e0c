"""Stand-ins of the two vendors: pure rules, and HTTP servers around them."""
