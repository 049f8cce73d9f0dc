"""The `autograph` command. Everything it can print for people it can print for programs with `--json`."""
