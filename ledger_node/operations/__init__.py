"""What an operator does to a data directory: makes it, looks at it, copies it, splits it. Knows no commands."""
