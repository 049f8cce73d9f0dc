"""How models are spoken to: one module per wire protocol, each without any I/O."""
