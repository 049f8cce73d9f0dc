import { Link } from "@tanstack/react-router";
import { Webhook } from "lucide-react";
import { useBuilder } from "@/features/builder/store";
import { useWords } from "@/shared/settings";

/** A trigger gets its values when it is set up, at the agent's page: each of them listens by itself. */
export function TriggerNote() {
  const words = useWords();
  const agentId = useBuilder((builder) => builder.agentId);
  const count = useBuilder(
    (builder) =>
      builder.draft.graph.nodes.filter((node) => builder.specs.get(node.block_id)?.kind.startsWith("Webhook"))
        .length,
  );
  return (
    <div className="flex gap-2 rounded-md bg-live-wash px-3 py-2 text-13">
      <Webhook className="mt-0.5 size-4 shrink-0 text-live" />
      <p>
        {words.editing.triggerNote}
        {count > 1 ? ` ${words.editing.triggers(count)}` : ""}{" "}
        {agentId ? (
          <Link to="/library/$agentId" params={{ agentId }} className="font-medium text-accent underline">
            {words.editing.triggerSetUp}
          </Link>
        ) : (
          words.editing.triggerSaveFirst
        )}
      </p>
    </div>
  );
}
