"""τ²-bench retail as an outside judge of the shop engine; see docs/tau2.md.

``python -m tests.tau2 --db db.json --tasks train.json`` replays the reference actions of
every task with this shop's own tools and compares the results and the complete final state.
"""
