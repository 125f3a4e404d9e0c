"""The local stack: the template, expanded and deployed into ministack, behind a front with a fixed port."""
