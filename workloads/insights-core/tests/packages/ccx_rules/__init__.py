"""Ten of our built-in rules, written for insights-core: both engines must find the same."""
