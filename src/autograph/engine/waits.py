"""Waiting for the world: what a node run asks for, and what an answer means to it. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from autograph.engine.events import (
    Event,
    NodeCompleted,
    NodeFailed,
    NodeResumed,
    NodeWaiting,
    Output,
    WaitKind,
)
from autograph.engine.planner import NodePlan, node_values
from autograph.engine.state import NodeRun, NodeRunStatus, RunState
from autograph.graph.model import Json, OutcomeUnknown, is_object
from autograph.graph.spec import Effect


@dataclass(frozen=True, slots=True)
class Wait:
    """What a node run waits for.

    Attributes:
        index: Which of the waits its block asks for, from 0.
        due_in: After how long it ends by itself.
        title: What people are shown.
        payload: What they decide on.
        is_editable: Whether they may change it.
        token: What a caller from outside has to know.
        uses: Node runs that it starts as tools, and waits for.
        kept: What its block wants to be told again when it goes on.
        used: What it consumed so far, which is not consumed again.
    """

    kind: WaitKind
    index: int = 0
    due_in: timedelta | None = None
    title: str = ""
    payload: Json = None
    is_editable: bool = False
    token: str | None = None
    uses: Sequence[Mapping[str, Json]] | None = None
    kept: Json = None
    used: Mapping[str, float] | None = None


class Suspended(BaseException):
    """Ends an attempt that has to wait; passes through whatever a block catches."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait.kind)
        self.wait = wait


class Choice(StrEnum):
    """What can be decided on a review.

    APPROVE: go on; for an unknown outcome: run it again.
    REJECT: do not; the node gives out `rejected_data`, or fails.
    DONE: it took effect, and these are its outputs; for unknown outcomes only.
    """

    APPROVE = "approve"
    REJECT = "reject"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision on a review.

    Attributes:
        data: What was reviewed, as edited; None for as it is. For `DONE`: outputs by pin.
        by: Whose it is: a name, or `deadline`.
        auto_approve: Trust this node for the rest of the run.
    """

    choice: Choice
    data: Json = None
    message: str = ""
    by: str = ""
    auto_approve: bool = False

    def as_json(self) -> dict[str, Json]:
        """Return it as the journal and the API show it."""
        return {
            "decision": self.choice.value,
            "data": self.data,
            "message": self.message,
            "by": self.by,
            "auto_approve": self.auto_approve,
        }


@dataclass(frozen=True, slots=True)
class Release:
    """A person's word that a node run may go on from its breakpoint.

    Attributes:
        inputs: Values laid over it, by input pin.
        step: Every node run that gets ready after it waits, too, until one is let go without.
        by: Whose word it is.
    """

    inputs: Mapping[str, Json]
    step: bool = False
    by: str = ""

    def as_json(self) -> dict[str, Json]:
        """Return it as the journal and the API show it."""
        return {"inputs": self.inputs, "step": self.step, "by": self.by}


def ask_at_breakpoint(run: NodeRun, state: RunState) -> Wait:
    """Return the wait of a node run at its breakpoint."""
    values = node_values(run.node, run.arrived, laid_over(run, state))
    title = f"{run.node.spec.name} is about to run."
    return Wait(WaitKind.BREAKPOINT, title=title, payload=values, is_editable=True)


def outcome_policy(run: NodeRun, state: RunState) -> OutcomeUnknown | None:
    """Return what is to be done about a node run whose worker died while it ran; None when none did."""
    if run.status is not NodeRunStatus.RUNNING or run.node.spec.effect is not Effect.EFFECT:
        return None
    default = OutcomeUnknown.ASK if WaitKind.OUTCOME in state.asks else OutcomeUnknown.FAIL
    return run.node.outcome_unknown or default


def ask_for_outcome(run: NodeRun, state: RunState) -> Wait:
    """Return the question whether a node run took effect."""
    values = node_values(run.node, run.arrived, laid_over(run, state))
    return Wait(WaitKind.OUTCOME, title=f"{unknown(run)}.", payload=values)


def ask_for_action(run: NodeRun, state: RunState) -> Wait | None:
    """Return the question whether a node run may do its sensitive action, None when nobody has to be asked."""
    node = run.node
    if (
        not node.spec.is_sensitive
        or run.approval is not None
        or WaitKind.ACTION not in state.asks
        or node.id in state.trusted
    ):
        return None
    return Wait(
        WaitKind.ACTION,
        due_in=node.review.deadline,
        title=f"May {node.spec.name} do this?",
        payload=node_values(node, run.arrived, laid_over(run, state)),
        is_editable=True,
    )


def laid_over(run: NodeRun, state: RunState) -> Mapping[str, Json]:
    """Return the values laid over a node run: those of its run, and what a person changed."""
    overrides = state.overrides_of(run.node)
    if run.edited:
        overrides = {**overrides, **run.edited}
    edited = run.approval.get("data") if run.approval is not None else None
    return {**overrides, **edited} if is_object(edited) else overrides


def default_answer(run: NodeRun, kind: str) -> Mapping[str, Json] | None:
    """Return what the deadline of a wait decides; None for a call that never came."""
    if kind == WaitKind.CALL:
        return None
    approves = run.node.review.approves and kind != WaitKind.OUTCOME
    choice = Choice.APPROVE if approves else Choice.REJECT
    return Answer(choice, message="Nobody answered in time.", by="deadline").as_json()


def resumed_by(run: NodeRun, wait: NodeWaiting, answer: Json) -> Event:
    """Return what an answer does to the node run that waits for it."""
    number, node = run.number, run.node.id
    decision = answer.get("decision") if is_object(answer) else None
    if wait.wait == WaitKind.ACTION and decision != Choice.APPROVE:
        return NodeFailed(number, node, "review.rejected", _why(answer, "It was not approved"))
    if wait.wait == WaitKind.OUTCOME and decision == Choice.DONE:
        return NodeCompleted(number, node, _outputs(answer))
    if wait.wait == WaitKind.OUTCOME and decision != Choice.APPROVE:
        return NodeFailed(number, node, "node.outcome_unknown", _why(answer, unknown(run)))
    return NodeResumed(number, node, answer)


def trusted_too(node: NodePlan, state: RunState) -> list[str]:
    """Return the open questions of a node that a person has just trusted."""
    if node.id not in state.trusted:
        return []
    return [
        run.wait.wait_id
        for run in state.live.values()
        if run.node is node
        and run.wait is not None
        and run.wait.wait_id is not None
        and run.wait.wait in {WaitKind.REVIEW, WaitKind.ACTION}
    ]


def unknown(run: NodeRun) -> str:
    """Return what people are told of a node run whose outcome nobody knows."""
    return (
        f"{run.node.spec.name} had started when its worker died, so nobody knows whether it took effect. "
        f"Check outside, by its key if it was given one"
    )


def _why(answer: Json, what: str) -> str:
    message = answer.get("message") if is_object(answer) else None
    return f"{what}: {message}" if message else f"{what}."


def _outputs(answer: Json) -> tuple[Output, ...]:
    data = answer.get("data") if is_object(answer) else None
    return tuple(data.items()) if is_object(data) else ()
