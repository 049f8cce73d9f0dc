"""Everything a block author may import. A block sees this package and nothing else of Autograph."""

from autograph.blocks.sdk.block import (
    Block,
    BlockInput,
    BlockOutput,
    BlockOutputWithoutError,
    EngineBlock,
    Outputs,
)
from autograph.blocks.sdk.context import Call, Context, Decision, KeyValueStore
from autograph.blocks.sdk.cost import Cost, CostKind
from autograph.blocks.sdk.credentials import (
    ApiKeySecret,
    CredentialRef,
    HostScopedSecret,
    OAuth2Secret,
    Secret,
    UserPasswordSecret,
    credential_pin,
)
from autograph.blocks.sdk.errors import BlockError, InputError
from autograph.blocks.sdk.examples import ANY, Example, Exchanged
from autograph.blocks.sdk.fields import Category, Format, Json, pin
from autograph.blocks.sdk.files import FileInfo, Files, FileStream
from autograph.blocks.sdk.library import AgentList, Library, OwnAgent
from autograph.blocks.sdk.memory import Collection, Memo, Question, Recalled, Scope
from autograph.blocks.sdk.modalities import (
    Attachment,
    Drawing,
    Picture,
    Segment,
    Speech,
    Transcript,
    Verdict,
)
from autograph.blocks.sdk.models import (
    Message,
    ModelAnswer,
    ModelError,
    ModelRequest,
    Models,
    OnText,
    Role,
    Tool,
    ToolCall,
    Usage,
    count_tokens,
)
from autograph.blocks.sdk.sse import EventReader, TooLong
from autograph.blocks.sdk.tools import OfferedTool, ToolRound, Tools, ToolUse
from autograph.graph.model import is_list, is_object
from autograph.graph.spec import BlockKind, Effect, TriggerSpec
from autograph.infra.egress.ports import Dialer, Http, HttpRequest, HttpResponse, Proxy, Stream
from autograph.infra.mail.ports import MailRefused, MailServer, MailUnavailable, Post
from autograph.infra.rates.ports import Rate
from autograph.infra.sandbox.ports import Bench, Program, Sandbox
from autograph.infra.sandbox.ports import Language as CodeLanguage
from autograph.infra.sql.ports import Sql, SqlAnswer, SqlKind, SqlQuery, SqlServer

__all__ = [
    "ANY",
    "AgentList",
    "ApiKeySecret",
    "Attachment",
    "Bench",
    "Block",
    "BlockError",
    "BlockInput",
    "BlockKind",
    "BlockOutput",
    "BlockOutputWithoutError",
    "Call",
    "Category",
    "CodeLanguage",
    "Collection",
    "Context",
    "Cost",
    "CostKind",
    "CredentialRef",
    "Decision",
    "Dialer",
    "Drawing",
    "Effect",
    "EngineBlock",
    "EventReader",
    "Example",
    "Exchanged",
    "FileInfo",
    "FileStream",
    "Files",
    "Format",
    "HostScopedSecret",
    "Http",
    "HttpRequest",
    "HttpResponse",
    "InputError",
    "Json",
    "KeyValueStore",
    "Library",
    "MailRefused",
    "MailServer",
    "MailUnavailable",
    "Memo",
    "Message",
    "ModelAnswer",
    "ModelError",
    "ModelRequest",
    "Models",
    "OAuth2Secret",
    "OfferedTool",
    "OnText",
    "Outputs",
    "OwnAgent",
    "Picture",
    "Post",
    "Program",
    "Proxy",
    "Question",
    "Rate",
    "Recalled",
    "Role",
    "Sandbox",
    "Scope",
    "Secret",
    "Segment",
    "Speech",
    "Sql",
    "SqlAnswer",
    "SqlKind",
    "SqlQuery",
    "SqlServer",
    "Stream",
    "TooLong",
    "Tool",
    "ToolCall",
    "ToolRound",
    "ToolUse",
    "Tools",
    "Transcript",
    "TriggerSpec",
    "Usage",
    "UserPasswordSecret",
    "Verdict",
    "count_tokens",
    "credential_pin",
    "is_list",
    "is_object",
    "pin",
]
