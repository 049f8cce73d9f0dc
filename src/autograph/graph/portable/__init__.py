"""Agent files: every shape of AutoGPT's read, our own and AutoGPT's written. PURE.

`read_agent` takes whatever people have and either understands it or says in one sentence why not.
`write_agent` gives our own form: links once, layout apart, secrets never, keys in a fixed order, so
that two versions of a file can be compared by eye.
"""

from autograph.graph.portable.autogpt import write_agent_autogpt
from autograph.graph.portable.reader import MAX_NODES, MAX_SUB_GRAPHS, NotAnAgent, read_agent
from autograph.graph.portable.secrets import restore_secrets
from autograph.graph.portable.writer import dump, write_agent

__all__ = [
    "MAX_NODES",
    "MAX_SUB_GRAPHS",
    "NotAnAgent",
    "dump",
    "read_agent",
    "restore_secrets",
    "write_agent",
    "write_agent_autogpt",
]
