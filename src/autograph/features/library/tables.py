"""Tables of the library."""

from sqlalchemy import JSON, Boolean, Column, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

presets = Table(
    "presets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("name", Text),
    Column("description", Text),
    Column("graph_id", Uuid),
    Column("version", Integer),
    Column("inputs", JSON),
    Column("credentials", JSON),
    Column("trigger", JSON(none_as_null=True)),
    Column("is_active", Boolean),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
)

library_folders = Table(
    "library_folders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("parent_id", Uuid),
    Column("name", Text),
    Column("icon", Text),
    Column("color", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
)

library_agents = Table(
    "library_agents",
    metadata,
    Column("graph_id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("folder_id", Uuid),
    Column("is_favorite", Boolean),
    Column("archived_at", DateTime(timezone=True)),
)
