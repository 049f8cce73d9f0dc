"""Systems of others, each described by one file `<id>.toml` beside this one.

provider.py   what such a file says, checked; read when somebody asks for it
auth.py       puts what is secret onto a request, as the file says
"""
