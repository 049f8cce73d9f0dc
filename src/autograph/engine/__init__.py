"""One run, from graph to outcome.

`events`, `state` and `planner` are PURE: they decide. `executor` runs one attempt of one node, `runner`
one run, `worker` many runs; `journal` keeps what happened. The law is `docs/concepts/run.md`.
"""
