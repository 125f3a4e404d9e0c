"""``make smoke TO=dev``: one referral through a deployed stack, from the signup until it qualifies, and undone again."""
