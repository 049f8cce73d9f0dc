"""The journal: what happened to every run, append-only. `codec` writes events, adapters keep them."""
