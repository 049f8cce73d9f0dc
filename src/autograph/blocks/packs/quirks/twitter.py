"""What X's blocks need and its pack cannot say: which facts are asked for, whom they tell of, what a post carries."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from autograph.blocks.packs.quirks import Looking
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.packs.templates import PathText
from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json, is_list, is_object

_ID: Final = re.compile(r"[0-9]{1,19}")
_USERNAME: Final = re.compile(r"\w{1,15}", re.ASCII)
_WORDS: Final[Mapping[str, str]] = {
    "Account_Creation_Date": "created_at",
    "User_Bio": "description",
    "User_Entities": "entities",
    "User_ID": "id",
    "User_Location": "location",
    "Latest_Tweet_ID": "most_recent_tweet_id",
    "Display_Name": "name",
    "Profile_Picture_URL": "profile_image_url",
    "Is_Protected_Account": "protected",
    "Account_Statistics": "public_metrics",
    "Profile_URL": "url",
    "Is_Verified": "verified",
    "Verification_Type": "verified_type",
    "Content_Withholding_Info": "withheld",
    "List_ID": "id",
    "List_Name": "name",
    "Creation_Date": "created_at",
    "Is_Private": "private",
    "List_Owner_ID": "owner_id",
    "Space_ID": "id",
    "Space_State": "state",
    "Creation_Time": "created_at",
    "End_Time": "ended_at",
    "Host_User_IDs": "host_ids",
    "Language": "lang",
    "Invited_User_IDs": "invited_user_ids",
    "Scheduled_Start_Time": "scheduled_start",
    "Speaker_User_IDs": "speaker_ids",
    "Start_Time": "started_at",
    "Space_Title": "title",
    "Last_Updated_Time": "updated_at",
}
"""What exported agents call facts, where X's own word is another one than the same in small letters."""


def _facts(names: str) -> frozenset[str]:
    return frozenset(names.split())


_PLACES: Final = _facts("contained_within country country_code full_name geo id name place_type")
_POLLS: Final = _facts("duration_minutes end_datetime id options voting_status")
_MEDIA: Final = _facts("""alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url
    promoted_metrics public_metrics type url variants width""")
_POSTS: Final = _facts("""article attachments author_id card_uri community_id context_annotations conversation_id created_at
    display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang
    media_metadata non_public_metrics note_tweet organic_metrics possibly_sensitive promoted_metrics
    public_metrics referenced_tweets reply_settings scopes source suggested_source_links text
    withheld""")
_PEOPLE: Final = _facts("""affiliation confirmed_email connection_status created_at description entities id
    is_identity_verified location most_recent_tweet_id name parody pinned_tweet_id profile_banner_url
    profile_image_url protected public_metrics receives_your_dm subscription subscription_type url
    username verified verified_followers_count verified_type withheld""")
_LISTS: Final = _facts(
    "created_at description follower_count id member_count name owner_id private"
)
_SPACES: Final = _facts("""created_at creator_id ended_at host_ids id invited_user_ids is_ticketed lang participant_count
    scheduled_start speaker_ids started_at state subscriber_count title topic_ids updated_at""")
_OF_POSTS: Final = _facts("""article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet
    attachments.poll_ids author_id edit_history_tweet_ids entities.mentions.username
    entities.note.mentions.username geo.place_id in_reply_to_user_id referenced_tweets.id
    referenced_tweets.id.author_id""")
_OF_PEOPLE: Final = _facts("affiliation.user_id most_recent_tweet_id pinned_tweet_id")
_OF_LISTS: Final = frozenset({"owner_id"})
_OF_SPACES: Final = _facts("creator_id host_ids invited_user_ids speaker_ids topic_ids")


def _chosen(value: Json, known: Collection[str], *always: str) -> Json:
    """Return what is chosen, as X lists it; None where nothing is.

    Raises:
        BlockError: X knows no such fact.
    """
    chosen = list(always)
    for word, is_wanted in (value if is_object(value) else {}).items():
        found = _WORDS.get(word, word.lower())
        if is_wanted and found not in known:
            raise BlockError(
                f"X knows no {word!r} here; it knows {', '.join(sorted(known))}.",
                code="block.bad_input",
            )
        if is_wanted and found not in chosen:
            chosen.append(found)
    return ",".join(chosen) or None


def _pin(value: Json, name: str) -> Json:
    return value.get(name) if is_object(value) else None


def id_of(value: Json) -> Json:
    """Return an id.

    Raises:
        BlockError: It is none.
    """
    text = str(value).strip()
    if not _ID.fullmatch(text):
        raise BlockError(f"{text[:100]!r} is no id: ids are numbers.", code="block.bad_input")
    return text


def ids(value: Json) -> Json:
    """Return ids as X takes several."""
    return ",".join(str(id_of(one)) for one in (value if is_list(value) else [value]))


def _several(value: Json, name: str) -> list[str]:
    found = _pin(value, name)
    many: list[Any] = found if is_list(found) else str(found or "").split(",")
    return [str(one).strip() for one in many if str(one).strip()]


def _username(text: str) -> str:
    name = text.strip().removeprefix("@")
    if not _USERNAME.fullmatch(name):
        raise BlockError(f"{text[:100]!r} is no user name on X.", code="block.bad_input")
    return name


def user(value: Json) -> Json:
    """Return where somebody is found: by `user_id`, or by `username`.

    Raises:
        BlockError: Neither is given, or it cannot be.
    """
    if _pin(value, "user_id"):
        return id_of(_pin(value, "user_id"))
    if _pin(value, "username"):
        return PathText(f"by/username/{_username(str(_pin(value, 'username')))}")
    raise BlockError("identifier: give user_id or username.", code="block.bad_input")


def users(value: Json) -> Json:
    """Return where several are found: by `user_ids`, or by `usernames`.

    Raises:
        BlockError: Neither is given.
    """
    if _several(value, "user_ids"):
        return "users"
    if _several(value, "usernames"):
        return PathText("users/by")
    raise BlockError("identifier: give user_ids or usernames.", code="block.bad_input")


def user_ids(value: Json) -> Json:
    """Return the people's ids, where they are named by them."""
    return ids(list(_several(value, "user_ids"))) if _several(value, "user_ids") else None


def usernames(value: Json) -> Json:
    """Return the people's names, where they are named by them and not by ids."""
    if _several(value, "user_ids"):
        return None
    return ",".join(_username(one) for one in _several(value, "usernames")) or None


def spaces(value: Json) -> Json:
    """Return where Spaces are found: by `space_ids`, or by `user_ids` of those who made them.

    Raises:
        BlockError: Neither is given.
    """
    if _several(value, "space_ids"):
        return "spaces"
    if _several(value, "user_ids"):
        return PathText("spaces/by/creator_ids")
    raise BlockError("identifier: give space_ids or user_ids.", code="block.bad_input")


def space_ids(value: Json) -> Json:
    """Return the Spaces' ids, where they are named by them."""
    return ",".join(_several(value, "space_ids")) or None


def creator_ids(value: Json) -> Json:
    """Return the ids of those who made the Spaces, where they are named by them."""
    return None if _several(value, "space_ids") else user_ids(value)


def state(value: Json) -> Json:
    """Return which Spaces are searched; nothing for all."""
    return None if value == "all" else value


def post_url(value: Json) -> Json:
    """Return the page of a post."""
    return f"https://x.com/i/web/status/{value}"


def list_url(value: Json) -> Json:
    """Return the page of a list."""
    return f"https://x.com/i/lists/{value}"


def _names(answer: Json) -> Mapping[str, str]:
    included: Any = _pin(_pin(answer, "includes"), "users")
    people: list[Any] = included if is_list(included) else []
    return {one["id"]: one["username"] for one in people if "username" in one}


def author(value: Json) -> Json:
    """Return the name of who wrote a post."""
    return _names(value).get(str(_pin(_pin(value, "data"), "author_id")), "")


def authors(value: Json) -> Json:
    """Return the names of those who wrote posts, one for each."""
    posts, names = _pin(value, "data"), _names(value)
    return [names.get(str(_pin(one, "author_id")), "") for one in (posts if is_list(posts) else [])]


def owner(value: Json) -> Json:
    """Return the name of whose a list is."""
    return _names(value).get(str(_pin(_pin(value, "data"), "owner_id")), "")


def followed(value: Json) -> Json:
    """Tell whether somebody is followed, or asked to allow it."""
    return bool(_pin(value, "following") or _pin(value, "pending_follow"))


def _list_of(value: Json, *names: str) -> Json:
    """Return the first of some fields that has something; text is parted at commas."""
    found = next((one for name in names if (one := _pin(value, name))), None)
    return [one.strip() for one in found.split(",")] if isinstance(found, str) else found


async def post(pins: Mapping[str, Json], _api: object) -> Json:
    """Return a post's body.

    Raises:
        BlockError: There is nothing in it.
    """
    attached = pins.get("attachment")
    first = next(
        (one for name in ("poll_options", "options") if (one := _pin(attached, name))), None
    )
    minutes = _pin(attached, "poll_duration_minutes") or _pin(attached, "duration_minutes")
    parts: dict[str, Json] = {
        "text": pins.get("tweet_text"),
        "media": _kept(
            media_ids=_list_of(attached, "media_ids"),
            tagged_user_ids=_list_of(attached, "media_tagged_user_ids", "tagged_user_ids"),
        ),
        "poll": _kept(options=first, duration_minutes=minutes),
        "geo": _kept(place_id=_pin(attached, "place_id")),
        "quote_tweet_id": _pin(attached, "quote_tweet_id"),
        "direct_message_deep_link": _pin(attached, "direct_message_deep_link"),
    }
    body = _kept(**parts)
    if not body:
        raise BlockError(
            "tweet_text: a post needs a text, or an attachment.", code="block.bad_input"
        )
    reply = _kept(
        in_reply_to_tweet_id=pins.get("in_reply_to_tweet_id"),
        exclude_reply_user_ids=pins.get("exclude_reply_user_ids"),
    )
    chosen = pins.get("reply_settings")
    answers = (
        ("Mentioned_Users_Only", "mentionedUsers"),
        ("Following_Users_Only", "following"),
    )
    who = next((word for name, word in answers if _pin(chosen, name)), None)
    only_fans = pins.get("for_super_followers_only") or None
    return body | _kept(reply=reply, reply_settings=who, for_super_followers_only=only_fans)


def _kept(**parts: Json) -> dict[str, Json]:
    return {name: one for name, one in parts.items() if one not in (None, "", [], {})}


FILTERS: Final[Mapping[str, Filter]] = {
    "id": id_of,
    "ids": ids,
    "user": user,
    "users": users,
    "user_ids": user_ids,
    "usernames": usernames,
    "spaces": spaces,
    "space_ids": space_ids,
    "creator_ids": creator_ids,
    "state": state,
    "post_url": post_url,
    "list_url": list_url,
    "author": author,
    "authors": authors,
    "owner": owner,
    "followed": followed,
    "media_fields": lambda value: _chosen(value, _MEDIA),
    "place_fields": lambda value: _chosen(value, _PLACES),
    "poll_fields": lambda value: _chosen(value, _POLLS),
    "post_fields": lambda value: _chosen(value, _POSTS),
    "user_fields": lambda value: _chosen(value, _PEOPLE),
    "list_fields": lambda value: _chosen(value, _LISTS),
    "space_fields": lambda value: _chosen(value, _SPACES),
    "of_posts": lambda value: _chosen(value, _OF_POSTS),
    "of_people": lambda value: _chosen(value, _OF_PEOPLE),
    "of_lists": lambda value: _chosen(value, _OF_LISTS),
    "of_spaces": lambda value: _chosen(value, _OF_SPACES),
    "left_out": lambda value: _chosen(value, {"retweets", "replies"}),
    # Of every post its author is asked for: the blocks give out who wrote it.
    "written_fields": lambda value: _chosen(_pin(value, "tweet_fields"), _POSTS, "author_id"),
    "of_written": lambda value: _chosen(_pin(value, "expansions"), _OF_POSTS, "author_id"),
}
LOOKUPS: Final[Mapping[str, Looking]] = {"post": post}
