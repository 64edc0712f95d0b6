"""Tracers as geth defines them, one family a file; `choosing` puts together the one that is asked for."""
