import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Download, MoreHorizontal, Pencil, Play, SquareActivity, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { agentQuery, agentSettingsQuery, agentsQuery, versionsQuery } from "@/features/library/queries";
import { FeedbackOfAgent } from "@/features/runs/feedback";
import { runsQuery } from "@/features/runs/queries";
import { RunDialog } from "@/features/runs/run-dialog";
import { RunRows } from "@/features/runs/run-rows";
import type { Schema } from "@/graph-core/model";
import { api, ask } from "@/shared/api/client";
import type { GraphAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/dialog";
import { Switch } from "@/shared/ui/field";
import { Menu } from "@/shared/ui/menu";
import { Ago, Empty, Page, Problem, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";
import { saveAs } from "@/shared/value/value-view";

export function AgentPage() {
  const words = useWords();
  const { agentId } = useParams({ from: "/shell/library/$agentId" });
  const agent = useQuery(agentQuery(agentId));
  const [isRunning, setRunning] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  if (agent.isError) throw agent.error;
  if (agent.isPending)
    return (
      <Page title={<span className="skeleton inline-block h-8 w-64 animate-breathe" />}>
        <Skeletons />
      </Page>
    );
  const { data } = agent;
  const name = data.name || words.library.unnamed;
  return (
    <Page
      title={name}
      aside={
        <>
          <Button look="do" onClick={() => setRunning(true)}>
            <Play className="size-4" />
            {words.runs.run}
          </Button>
          <Link to="/build/$agentId" params={{ agentId }} className={buttonClass()}>
            <Pencil className="size-4" />
            {words.library.edit}
          </Link>
          <Menu
            label={words.more}
            trigger={<MoreHorizontal />}
            items={[
              {
                label: words.library.export,
                icon: <Download />,
                onSelect: () => exportAgent(data, "autograph"),
              },
              {
                label: words.library.exportAutoGpt,
                icon: <Download />,
                onSelect: () => exportAgent(data, "autogpt"),
              },
              "line",
              {
                label: words.library.delete,
                icon: <Trash2 />,
                isDanger: true,
                onSelect: () => setDeleting(true),
              },
            ]}
          />
        </>
      }
    >
      {data.description ? <p className="-mt-4 mb-6 max-w-2xl text-16 text-dim">{data.description}</p> : null}
      <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Runs agentId={agentId} onRun={() => setRunning(true)} />
        <aside className="stack gap-4">
          <Pins
            title={words.library.takes}
            schema={data.input_schema as Schema}
            none={words.library.takesNothing}
          />
          <Pins
            title={words.library.gives}
            schema={data.output_schema as Schema}
            none={words.library.givesNothing}
          />
          <Safety agentId={agentId} />
          <Versions agentId={agentId} />
          <FeedbackOfAgent agentId={agentId} />
        </aside>
      </div>
      {isRunning ? <RunDialog agentId={agentId} onClose={() => setRunning(false)} /> : null}
      {isDeleting ? <Deletion agent={data} onClose={() => setDeleting(false)} /> : null}
    </Page>
  );
}

async function exportAgent(agent: GraphAnswer, format: "autograph" | "autogpt"): Promise<void> {
  try {
    const answer = await ask(`/api/v1/graphs/${agent.id}/export?format=${format}`, {});
    const document = JSON.stringify(await answer.json(), null, 2);
    saveAs(new Blob([document], { type: "application/json" }), `${agent.name || "agent"}.json`);
  } catch (error) {
    tellError(error);
  }
}

function Runs({ agentId, onRun }: { agentId: string; onRun: () => void }) {
  const words = useWords();
  const runs = useInfiniteQuery(runsQuery({ graphId: agentId }));
  const all = runs.data?.pages.flatMap((page) => page.runs) ?? [];
  if (runs.isPending) return <Skeletons className="h-12" />;
  if (runs.isError) return <Problem error={runs.error} onRetry={() => runs.refetch()} />;
  if (all.length === 0)
    return (
      <Empty icon={<SquareActivity />} title={words.library.noRuns} text={words.library.noRunsText}>
        <Button look="do" onClick={onRun}>
          <Play className="size-4" />
          {words.runs.run}
        </Button>
      </Empty>
    );
  return (
    <section aria-label={words.nav.runs}>
      <RunRows runs={all} />
      {runs.hasNextPage ? (
        <Button
          className="mx-auto mt-4 flex"
          onClick={() => runs.fetchNextPage()}
          isBusy={runs.isFetchingNextPage}
        >
          {words.showMore}
        </Button>
      ) : null}
    </section>
  );
}

function Box({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="card p-4">
      <h2 className="mb-2 text-13 text-dim">{title}</h2>
      {children}
    </section>
  );
}

function Pins({ title, schema, none }: { title: string; schema: Schema; none: string }) {
  const pins = Object.entries(schema.properties ?? {});
  return (
    <Box title={title}>
      {pins.length === 0 ? <p className="text-dim">{none}</p> : null}
      <ul className="stack gap-2">
        {pins.map(([name, pin]) => (
          <li key={name}>
            <span className="font-medium">{pin.title || name}</span>
            {pin.description ? <p className="text-13 text-dim">{pin.description}</p> : null}
          </li>
        ))}
      </ul>
    </Box>
  );
}

function Safety({ agentId }: { agentId: string }) {
  const words = useWords();
  const client = useQueryClient();
  const { data } = useQuery(agentSettingsQuery(agentId));
  const changing = useMutation({
    mutationFn: (body: { human_in_the_loop_safe_mode?: boolean; sensitive_action_safe_mode?: boolean }) =>
      api("PATCH /api/v1/graphs/{graph_id}/settings", { path: { graph_id: agentId }, body }),
    onSuccess: (settings) => client.setQueryData(agentSettingsQuery(agentId).queryKey, settings),
    onError: tellError,
  });
  const switches = [
    ["human_in_the_loop_safe_mode", words.library.asksReviews],
    ["sensitive_action_safe_mode", words.library.asksSensitive],
  ] as const;
  return (
    <Box title={words.library.safety}>
      <ul className="stack gap-3">
        {switches.map(([name, label]) => (
          <li key={name} className="row justify-between">
            <span>{label}</span>
            <Switch
              label={label}
              isOn={data?.[name] ?? false}
              disabled={!data}
              onChange={(isOn) => changing.mutate({ [name]: isOn })}
            />
          </li>
        ))}
      </ul>
    </Box>
  );
}

const SHOWN = 5;

function Versions({ agentId }: { agentId: string }) {
  const words = useWords();
  const client = useQueryClient();
  const { data } = useQuery(versionsQuery(agentId));
  const [isAll, setAll] = useState(false);
  const activating = useMutation({
    mutationFn: (version: number) =>
      api("POST /api/v1/graphs/{graph_id}/versions/{version}/activate", {
        path: { graph_id: agentId, version },
      }),
    onSuccess: (_, version) => {
      client.invalidateQueries({ queryKey: ["agents"] });
      tell(words.library.activated(version));
    },
    onError: tellError,
  });
  const versions = isAll ? data : data?.slice(0, SHOWN);
  return (
    <Box title={words.library.versions}>
      <ul className="stack gap-1">
        {versions?.map((one) => (
          <li key={one.version} className="row h-8 justify-between">
            <Link
              to="/build/$agentId"
              params={{ agentId }}
              search={one.is_active ? {} : { version: one.version }}
              className="font-medium hover:text-accent"
            >
              {words.library.version(one.version)}
            </Link>
            <span className="grow text-13 text-dim">
              <Ago at={one.created_at} />
            </span>
            {one.is_active ? (
              <span className="text-13 text-good">{words.library.active}</span>
            ) : (
              <Button small look="quiet" onClick={() => activating.mutate(one.version)}>
                {words.library.activate}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {data && data.length > SHOWN && !isAll ? (
        <Button small look="quiet" onClick={() => setAll(true)}>
          {words.showMore}
        </Button>
      ) : null}
    </Box>
  );
}

function Deletion({ agent, onClose }: { agent: GraphAnswer; onClose: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const deleting = useMutation({
    mutationFn: () => api("DELETE /api/v1/graphs/{graph_id}", { path: { graph_id: agent.id } }),
    onSuccess: async () => {
      await navigate({ to: "/library" });
      client.invalidateQueries({ queryKey: agentsQuery("").queryKey.slice(0, 2) });
      tell(words.library.deleted(agent.name));
    },
    onError: tellError,
  });
  return (
    <Confirm
      title={words.library.deleteNamed(agent.name)}
      text={words.library.deleteText}
      act={words.library.delete}
      isBusy={deleting.isPending}
      onDo={() => deleting.mutate()}
      onClose={onClose}
    />
  );
}
