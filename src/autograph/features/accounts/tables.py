"""Tables of people."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text),
    Column("name", Text),
    Column("timezone", Text),
    Column("max_runs", Integer),
    Column("created_at", DateTime(timezone=True)),
)
