"""What Gmail's blocks need and its pack cannot say: mail as MIME, and messages that are read one by one."""

from __future__ import annotations

import html
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.quirks import gmail_messages as mail
from autograph.blocks.packs.quirks.gmail_messages import Attachment, Outgoing
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json

_HOST: Final = "https://gmail.googleapis.com"
_MINE: Final = f"{_HOST}/gmail/v1/users/me"
_UPLOAD: Final = f"{_HOST}/upload/gmail/v1/users/me"
_PART: Final = 500
"""Messages in a part of a list, at most (`users.messages.list`)."""
_SNIPPET: Final = 200
_ANSWERED: Final = ["Message-ID", "References", "Subject", "From", "Reply-To", "To", "Cc"]
"""Headers of a message that its answer is made of."""


async def read(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Find messages and read each.

    Raises:
        BlockError: Less than one message is wanted.
    """
    most = int(pins["max_results"])
    if most < 1:
        raise BlockError("max_results: it is at least 1.", code="block.bad_input")
    ids: list[str] = []
    page: str | None = None
    while len(ids) < most:
        query = {"maxResults": min(most - len(ids), _PART), "q": pins["query"], "pageToken": page}
        wanted = {name: one for name, one in query.items() if one}
        answer = (await api.send(f"GET {_MINE}/messages", query=wanted)).json
        ids += [one["id"] for one in mail.messages_of(answer)]
        page = answer.get("nextPageToken")
        if not page:
            break
    emails: list[Json] = []
    for one in ids[:most]:
        answer = await api.send(f"GET {_message(one)}", query={"format": "full"}, accepts=[404])
        if answer.status == 404:
            continue  # deleted since it was found
        emails.append(mail.email_of(answer.json, await _body(api, answer.json)))
    for email in emails:
        yield "email", email
    yield "emails", emails


async def thread(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read a conversation."""
    where = f"{_MINE}/threads/{_quoted('threadId', pins['threadId'])}"
    found = (await api.send(f"GET {where}", query={"format": "full"})).json
    messages = [mail.email_of(one, await _body(api, one)) for one in mail.messages_of(found)]
    yield (
        "thread",
        {"id": found["id"], "historyId": found.get("historyId", ""), "messages": messages},
    )


async def send(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Send a message."""
    made = (await _upload(api, "messages/send", {}, await _written(pins, api))).json
    yield "result", {"id": made["id"], "status": "sent"}


async def draft(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Keep a message as a draft."""
    made = (await _upload(api, "drafts", {}, await _written(pins, api))).json
    yield (
        "result",
        {"id": made["id"], "message_id": made["message"]["id"], "status": "draft_created"},
    )


async def reply(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Answer a message in its conversation."""
    me = await _me(api)
    answer = await _answer(pins, api, me)
    sent = await _upload(api, "messages/send", {"threadId": pins["threadId"]}, answer)
    made = sent.json
    yield "messageId", made["id"]
    yield "threadId", made["threadId"]
    yield "message", made
    # Put together of what was sent: to ask for it could fail, and the mail is out already.
    yield "email", _sent(answer, made, me, format_datetime(api.ctx.now()))


async def draft_reply(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Keep an answer to a message as a draft in its conversation."""
    answer = await _answer(pins, api, await _me(api))
    made = (await _upload(api, "drafts", {"message": {"threadId": pins["threadId"]}}, answer)).json
    yield "draftId", made["id"]
    yield "messageId", made["message"]["id"]
    yield "threadId", made["message"]["threadId"]
    yield "status", "draft_created"


async def forward(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Send a message on to others."""
    message = (await api.send(f"GET {_message(pins['messageId'])}", query={"format": "full"})).json
    attachments = [
        await _fetched(api, message["id"], part)
        for part in (mail.attached(message) if pins.get("includeAttachments") else ())
    ]
    attachments += await _files(api, pins.get("additionalAttachments"))
    subject = mail.header(message, "Subject")
    if not subject.lower().startswith(("fwd:", "fw:")):
        subject = f"Fwd: {subject}"
    body, is_html = await _forwarded(pins, api, message)
    outgoing = Outgoing(
        to=_recipients(pins.get("to")),
        cc=_recipients(pins.get("cc")),
        bcc=_recipients(pins.get("bcc")),
        subject=str(pins.get("subject") or subject),
        body=body,
        is_html=is_html,
        attachments=attachments,
    )
    made = (await _upload(api, "messages/send", {}, outgoing)).json
    yield "messageId", made["id"]
    yield "threadId", made["threadId"]
    yield "status", "forwarded"


async def add_label(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Put a label on a message; make the label where there is none of that name."""
    where = _message(pins["message_id"])
    label = await _label(pins["label_name"], api)
    if label is None:
        body = {
            "name": pins["label_name"],
            "labelListVisibility": "labelShow",
            "messageListVisibility": "show",
        }
        label = (await api.send(f"POST {_MINE}/labels", body=body)).json["id"]
    await api.send(f"POST {where}/modify", body={"addLabelIds": [label]})
    yield "result", {"label_id": label, "status": "Label added."}


async def remove_label(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Take a label off a message.

    Raises:
        BlockError: There is no label of that name.
    """
    where = _message(pins["message_id"])
    label = await _label(pins["label_name"], api)
    if label is None:
        raise BlockError(
            f"label_name: there is no label {str(pins['label_name'])[:100]!r}.",
            code="provider.not_found",
        )
    await api.send(f"POST {where}/modify", body={"removeLabelIds": [label]})
    yield "result", {"label_id": label, "status": "Label removed."}


async def _label(name: Json, api: Api) -> str | None:
    """Return the id of a label, by its name; Gmail has no two that differ in upper and lower case alone.

    Raises:
        BlockError: The name is empty.
    """
    wanted = str(name).strip().casefold()
    if not wanted:
        raise BlockError("label_name: this input needs a value.", code="block.bad_input")
    labels = (await api.send(f"GET {_MINE}/labels")).json.get("labels") or ()
    return next((one["id"] for one in labels if one["name"].casefold() == wanted), None)


async def _me(api: Api) -> str:
    return str((await api.send(f"GET {_MINE}/profile")).json["emailAddress"])


async def _upload(api: Api, what: str, metadata: Json, outgoing: Outgoing) -> Any:
    content = mail.uploaded(metadata, outgoing.mime())
    return await api.send(
        f"POST {_UPLOAD}/{what}", query={"uploadType": "multipart"}, content=content
    )


async def _written(pins: Mapping[str, Json], api: Api) -> Outgoing:
    body = str(pins["body"])
    return Outgoing(
        to=_recipients(pins["to"]),
        cc=_recipients(pins.get("cc")),
        bcc=_recipients(pins.get("bcc")),
        subject=str(pins["subject"]),
        body=body,
        is_html=mail.is_html(body, pins.get("content_type")),
        attachments=await _files(api, pins.get("attachments")),
    )


async def _answer(pins: Mapping[str, Json], api: Api, me: str) -> Outgoing:
    """Return the answer to a message; whom it goes to is said, or told by the message."""
    where = _message(pins["parentMessageId"])
    _quoted("threadId", pins["threadId"])
    asked = {"format": "metadata", "metadataHeaders": _ANSWERED}
    parent = (await api.send(f"GET {where}", query=asked)).json
    to, cc = _recipients(pins.get("to")), _recipients(pins.get("cc"))
    if not [*to, *cc, *_recipients(pins.get("bcc"))]:
        to, cc = answered(parent, me, to_all=bool(pins.get("replyAll")))
    subject = str(pins.get("subject") or mail.header(parent, "Subject"))
    if not pins.get("subject") and not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    body = str(pins["body"])
    return Outgoing(
        to=to,
        cc=cc,
        bcc=_recipients(pins.get("bcc")),
        subject=subject,
        body=body,
        is_html=mail.is_html(body, pins.get("content_type")),
        attachments=await _files(api, pins.get("attachments")),
        in_reply_to=next(iter(mail.message_ids(mail.header(parent, "Message-ID"))), ""),
        references=mail.message_ids(mail.header(parent, "References")),
    )


def answered(parent: Mapping[str, Any], me: str, *, to_all: bool) -> tuple[list[str], list[str]]:
    """Return who gets the answer to a message, and who a copy: nobody twice, and not oneself.

    One's own message is answered to those it went to.
    """
    sender = mail.addresses(mail.header(parent, "From"))
    first = mail.addresses(mail.header(parent, "Reply-To")) or sender
    if me.lower() in {one.lower() for one in sender}:
        first = mail.addresses(mail.header(parent, "To"))
    others = mail.addresses(mail.header(parent, "To")) if to_all else []
    copies = mail.addresses(mail.header(parent, "Cc")) if to_all else []
    seen = {me.lower()}
    to = _new([*first, *others], seen)
    return to or first, _new(copies, seen)


def _new(found: list[str], seen: set[str]) -> list[str]:
    kept: list[str] = []
    for one in found:
        if one.lower() not in seen:
            seen.add(one.lower())
            kept.append(one)
    return kept


async def _forwarded(
    pins: Mapping[str, Json], api: Api, message: Mapping[str, Any]
) -> tuple[str, bool]:
    """Return a body with what is forwarded in it, and whether it is HTML: as asked for, or as the original is."""
    said, kind = str(pins.get("forwardMessage") or ""), pins.get("content_type")
    part = mail.body_part(message, "text/html")
    wants_html = kind == "html" or (
        kind != "plain" and (part is not None or mail.is_html(said, None))
    )
    heads = [
        f"{name}: {mail.header(message, name)}"
        for name in ("From", "Date", "Subject", "To", "Cc")
        if mail.header(message, name)
    ]
    title = "---------- Forwarded message ---------"
    if not wants_html:
        intro = f"{said}\n\n" if said else ""
        return f"{intro}{title}\n" + "\n".join(heads) + f"\n\n{await _body(api, message)}", False
    original = (
        html.escape(await _body(api, message)).replace("\n", "<br>\n")
        if part is None
        else mail.unpacked(await _data(api, message["id"], part)).decode("utf-8", "replace")
    )
    intro = said if mail.is_html(said, None) else html.escape(said).replace("\n", "<br>\n")
    shown = "<br>\n".join(html.escape(one) for one in [title, *heads])
    return f"<div>{intro}</div>\n<br>\n<div>{shown}</div>\n<br>\n{original}", True


async def _body(api: Api, message: Mapping[str, Any]) -> str:
    """Return a message's text: the plain one, else the HTML without its tags."""
    part = mail.body_part(message, "text/plain", "text/html")
    return "" if part is None else mail.text_of(part, await _data(api, message["id"], part))


async def _data(api: Api, message: str, part: Mapping[str, Any]) -> str:
    """Return a part's content; a large one is kept beside the message."""
    body: Mapping[str, Any] = part.get("body") or {}
    if body.get("data") or not body.get("attachmentId"):
        return str(body.get("data") or "")
    where = f"{_message(message)}/attachments/{quote(str(body['attachmentId']), safe='')}"
    return str((await api.send(f"GET {where}")).json["data"])


async def _fetched(api: Api, message: str, part: Mapping[str, Any]) -> Attachment:
    content = mail.unpacked(await _data(api, message, part))
    return Attachment(str(part["filename"]), str(part.get("mimeType") or ""), content)


async def _files(api: Api, references: Json) -> list[Attachment]:
    made: list[Attachment] = []
    left = mail.MAX_MESSAGE
    for one in references or ():
        info = await api.ctx.files.info(str(one))
        content = await api.ctx.files.read(str(one), max_bytes=left)
        left -= len(content)
        made.append(Attachment(info.name, info.media_type, content))
    return made


def _sent(answer: Outgoing, made: Mapping[str, Any], me: str, date: str) -> dict[str, Json]:
    return {
        "threadId": made["threadId"],
        "labelIds": made.get("labelIds") or [],
        "id": made["id"],
        "subject": mail.one_line(answer.subject),
        "snippet": " ".join(
            (mail.plain(answer.body) if answer.is_html else answer.body)[:_SNIPPET].split()
        ),
        "from_": me,
        "to": mail.addresses(", ".join(answer.to)),
        "cc": mail.addresses(", ".join(answer.cc)),
        "bcc": mail.addresses(", ".join(answer.bcc)),
        "date": date,
        "body": answer.body,
        "sizeEstimate": len(answer.mime()),
        "attachments": [
            {
                "filename": one.name,
                "content_type": one.media_type,
                "size": len(one.content),
                "attachment_id": None,
            }
            for one in answer.attachments
        ],
    }


def _recipients(value: Json) -> list[str]:
    """Return the recipients of a pin; agents often hold an empty one in reserve."""
    return [str(one) for one in value or () if str(one).strip()]


def _message(value: Json) -> str:
    return f"{_MINE}/messages/{_quoted('message', value)}"


def _quoted(name: str, value: Json) -> str:
    text = str(value).strip()
    if text in {"", ".", ".."}:
        raise BlockError(f"{name}: this input needs an id.", code="block.bad_input")
    return quote(text, safe="")


ACTIONS: Final[Mapping[str, Whole]] = {
    "gmail_read": read,
    "gmail_thread": thread,
    "gmail_send": send,
    "gmail_draft": draft,
    "gmail_reply": reply,
    "gmail_draft_reply": draft_reply,
    "gmail_forward": forward,
    "gmail_add_label": add_label,
    "gmail_remove_label": remove_label,
}
