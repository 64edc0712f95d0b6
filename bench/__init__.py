"""The benchmark: what a node settles per second, and how long one payment takes.

It measures a node as its clients see it, over sockets, with its data on disk. Each figure is the median of several
runs with the spread beside it, all in one go on one machine, so that ratios between subjects mean something.
`make bench` measures; `make bench-smoke` shows that the harness works.
"""
