"""What the application costs on AWS: counted from the real handlers in the simulated world, times a dated list of prices."""
