"""Tables of saved graphs."""

from sqlalchemy import JSON, Column, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

graphs = Table(
    "graphs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid),
    Column("name", Text),
    Column("active_version", Integer),
    Column("latest_version", Integer),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
)

graph_versions = Table(
    "graph_versions",
    metadata,
    Column("graph_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", Text),
    Column("description", Text),
    Column("content_hash", Text),
    Column("document", JSON),
    Column("created_at", DateTime(timezone=True)),
)
