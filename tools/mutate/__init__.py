"""Whether the tests notice when the product is no longer right: `make mutate`."""
