"""What the application relies on in AWS, said once and held against every engine that plays it."""
