"""Use cases of the questions that runs wait on: reviews by people, calls by other systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn
from uuid import UUID

from autograph.engine.events import WaitKind
from autograph.engine.planner import NodePlan
from autograph.engine.ports import GraphRef, JournalStore, PlanSource
from autograph.engine.waits import Answer, Choice
from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import AnswerInvalid, CallNotFound, ReviewAnswered
from autograph.features.runs.models import Review, ReviewPage
from autograph.features.runs.repository import ReviewRepository, RunRepository
from autograph.graph.coerce import CoercionError, compile_coercer
from autograph.graph.model import Json, is_object
from autograph.graph.spec import JsonSchema

MAX_PAGE: Final = 200
_CHOICES: Final[Mapping[str, tuple[Choice, ...]]] = {
    WaitKind.REVIEW: (Choice.APPROVE, Choice.REJECT),
    WaitKind.ACTION: (Choice.APPROVE, Choice.REJECT),
    WaitKind.OUTCOME: (Choice.APPROVE, Choice.REJECT, Choice.DONE),
}


class ReviewService:
    """Shows people what runs ask them, and takes their answers."""

    def __init__(
        self,
        reviews: ReviewRepository,
        runs: RunRepository,
        journal: JournalStore,
        plans: PlanSource,
    ) -> None:
        """Use all of these."""
        self._reviews = reviews
        self._runs = runs
        self._journal = journal
        self._plans = plans

    async def get(self, principal: Principal, review_id: UUID) -> Review:
        """Return a question, open or not.

        Raises:
            ReviewNotFound: There is none.
        """
        return await self._reviews.get(principal, review_id)

    async def list_page(
        self,
        principal: Principal,
        *,
        limit: int = 50,
        before: UUID | None = None,
        run_id: UUID | None = None,
        kind: str | None = None,
        is_open: bool = True,
    ) -> ReviewPage:
        """Return a page of the questions to a person, newest first: the open ones, or the others."""
        limit = min(limit, MAX_PAGE)
        rows = await self._reviews.list_page(
            principal, limit=limit, before=before, run_id=run_id, kind=kind, is_open=is_open
        )
        return ReviewPage(rows, rows[-1].id if len(rows) == limit else None)

    async def decide(self, principal: Principal, review_id: UUID, answer: Answer) -> Review:
        """Answer a question; its run goes on with the answer. Return the question, answered.

        Args:
            principal: Who answers; noted with the answer.
            review_id: Which question.
            answer: The decision; `by` is filled in here.

        Raises:
            ReviewNotFound: There is none.
            AnswerInvalid: The answer does not fit; what is wrong, by field, in `errors`.
            ReviewAnswered: It was answered before: the first answer is in `first`.

        Writes: the answer, and a message to the run. Idempotent: the first answer stands.
        """
        review = await self._reviews.get(principal, review_id)
        if review.status != "waiting":
            _refuse(review)
        fitted = Answer(
            answer.choice,
            await self._fitted(principal, review, answer),
            answer.message,
            principal.name,
            answer.auto_approve,
        )
        is_first = await self._journal.answer(review_id, fitted.as_json())
        review = await self._reviews.get(principal, review_id)
        if not is_first:
            _refuse(review)
        return review

    async def take_call(self, token: str, body: Json) -> None:
        """Take a call that a run waits for; it is durable when this returns.

        Raises:
            CallNotFound: Nobody waits, or waits any more, at that address.
        """
        review = await self._reviews.find_call(token)
        # A call that came before is taken again without a word: whoever calls may not have heard the answer.
        if review is None or not (
            await self._journal.answer(review.id, {"body": body}) or review.status == "answered"
        ):
            raise CallNotFound("Nobody waits for a call here. Its run has ended, or never was.")

    async def _fitted(self, principal: Principal, review: Review, answer: Answer) -> Json:
        """Return the data of an answer as the run takes it."""
        if answer.choice not in _CHOICES[review.kind]:
            choices = ", ".join(_CHOICES[review.kind])
            _misfit("decision", f"A question of kind {review.kind!r} takes {choices}")
        if answer.auto_approve and (
            answer.choice is not Choice.APPROVE or review.kind == WaitKind.OUTCOME
        ):
            _misfit("auto_approve", "Only an approval can hold for the rest of the run")
        if answer.data is None:
            return None
        if answer.choice is Choice.DONE:
            node = await self._node(principal, review)
            return fitted_pins(answer.data, node.spec.output_pins)
        if answer.choice is Choice.REJECT:
            _misfit("data", "A rejection changes no data; say why in `message`")
        if not review.is_editable:
            _misfit("data", "What is reviewed here cannot be changed")
        if review.kind == WaitKind.ACTION:
            node = await self._node(principal, review)
            return fitted_pins(answer.data, node.spec.input_pins)
        return answer.data

    async def _node(self, principal: Principal, review: Review) -> NodePlan:
        row = await self._runs.get(principal, review.run_id)
        plan = await self._plans.plan(GraphRef(row.graph_id, row.graph_version, row.sub_graph_id))
        return next(node for node in plan.nodes if node.id == review.node_id)


def fitted_pins(data: Json, pins: Mapping[str, JsonSchema], field: str = "data") -> Json:
    """Return values for pins, coerced to what these take.

    Args:
        data: By pin.
        pins: Their schemas, by name.
        field: What `data` is called where it came from, for errors.

    Raises:
        AnswerInvalid: It is no object, names other pins, or has values that do not fit.
    """
    if not is_object(data):
        _misfit(field, f"It must be an object of pins: {', '.join(pins) or 'there are none'}")
    fitted: dict[str, Json] = {}
    errors: dict[str, str] = {}
    for name, value in data.items():
        if name not in pins:
            errors[f"{field}.{name}"] = f"There is no such pin; there are {', '.join(pins)}"
            continue
        coercer = compile_coercer(pins[name])
        try:
            fitted[name] = value if coercer is None else coercer(value)
        except CoercionError as error:
            errors[f"{field}.{name}"] = str(error)
    if errors:
        raise AnswerInvalid(f"The answer does not fit. {_listed(errors)}", errors=errors)
    return fitted


def _misfit(field: str, message: str) -> NoReturn:
    errors = {field: message}
    raise AnswerInvalid(f"The answer does not fit. {_listed(errors)}", errors=errors)


def _listed(errors: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {message}" for name, message in errors.items()) + "."


def _refuse(review: Review) -> NoReturn:
    if review.status == "void":
        raise ReviewAnswered(f"Review {review.id} is closed: its run ended without an answer.")
    first = review.answer if is_object(review.answer) else {}
    raise ReviewAnswered(
        f"Review {review.id} was answered before: {first.get('decision')} by {first.get('by')}.",
        first=first,
        answered_at=review.answered_at and review.answered_at.isoformat(),
    )
