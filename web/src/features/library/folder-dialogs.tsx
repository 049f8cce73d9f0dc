import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { LibraryActs, Named } from "@/features/library/acts";
import { FolderMark } from "@/features/library/folders";
import { foldersQuery } from "@/features/library/queries";
import { api } from "@/shared/api/client";
import type { FolderAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Confirm, Dialog } from "@/shared/ui/dialog";
import { Field, Input } from "@/shared/ui/field";
import { FormProblem } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

const ICONS = [
  "📁", "🧰", "🏠", "💼", "📊", "📈", "📝", "📚", "📬", "📣", "🛒", "💡", "🔬", "🎨", "🎧", "🌍", "⚙️", "⭐",
]; // biome-ignore format: a palette reads as lines
const COLORS = ["#2f7f8f", "#3d7a4e", "#8a6d1f", "#b0562b", "#b23a48", "#8e4a9e", "#5557b8", "#5b6570"];

/** Make a folder, or change what one is called and how it looks. */
export function FolderDialog({
  folder,
  parentId,
  onClose,
}: {
  folder?: FolderAnswer | undefined;
  parentId: string | null;
  onClose: () => void;
}) {
  const words = useWords();
  const client = useQueryClient();
  const [name, setName] = useState(folder?.name ?? "");
  const [icon, setIcon] = useState<string | null>(folder?.icon ?? null);
  const [color, setColor] = useState<string | null>(folder?.color ?? null);
  const saving = useMutation({
    mutationFn: () =>
      folder
        ? api("PATCH /api/v1/library/folders/{folder_id}", {
            path: { folder_id: folder.id },
            body: { name, icon, color },
          })
        : api("POST /api/v1/library/folders", { body: { name, icon, color, parent_id: parentId } }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: foldersQuery.queryKey });
      onClose();
    },
  });
  return (
    <Dialog
      title={folder ? words.library.changeFolder : words.library.newFolder}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button look="do" type="submit" form="folder-form" isBusy={saving.isPending}>
            {words.save}
          </Button>
        </>
      }
    >
      <form
        id="folder-form"
        className="stack gap-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          saving.mutate();
        }}
      >
        <Field label={words.library.folderName} isRequired>
          {(given) => (
            <Input
              value={name}
              maxLength={100}
              required
              onChange={(event) => setName(event.target.value)}
              {...given}
            />
          )}
        </Field>
        <Choices
          title={words.library.folderIcon}
          none={words.library.usual}
          choices={ICONS}
          value={icon}
          onChange={setIcon}
          show={(one) => <span className="text-16">{one}</span>}
        />
        <Choices
          title={words.library.folderColor}
          none={words.library.usual}
          choices={COLORS}
          value={color}
          onChange={setColor}
          show={(one) => <span className="size-4 rounded-full" style={{ backgroundColor: one }} />}
        />
        <FormProblem error={saving.error} />
      </form>
    </Dialog>
  );
}

function Choices({
  title,
  none,
  choices,
  value,
  onChange,
  show,
}: {
  title: string;
  none: string;
  choices: readonly string[];
  value: string | null;
  onChange: (value: string | null) => void;
  show: (choice: string) => React.ReactNode;
}) {
  const all = value === null || choices.includes(value) ? choices : [value, ...choices];
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-13">{title}</legend>
      <div className="flex flex-wrap gap-1">
        {[null, ...all].map((one) => (
          <label
            key={one ?? ""}
            className="tap grid h-9 min-w-9 cursor-pointer place-items-center rounded-md border border-transparent px-1.5 hover:bg-sunken has-checked:border-accent has-checked:bg-wash has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={title}
              className="sr-only"
              aria-label={one ?? none}
              checked={value === one}
              onChange={() => onChange(one)}
            />
            {one === null ? <span className="text-13">{none}</span> : show(one)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface Placed {
  folder: FolderAnswer;
  depth: number;
}

/** Folders as a tree, one a line; one folder and what is in it can be left out. */
function treeOf(
  folders: readonly FolderAnswer[],
  without?: string,
  parent: string | null = null,
  depth = 0,
): Placed[] {
  return folders
    .filter((one) => one.parent_id === parent && one.id !== without)
    .flatMap((folder) => [{ folder, depth }, ...treeOf(folders, without, folder.id, depth + 1)]);
}

/** Choose where an agent goes, or a folder: what dragging does, by keys. */
export function MoveDialog({
  agent,
  folder,
  acts,
  onClose,
}: {
  agent?: Named & { folder_id: string | null };
  folder?: FolderAnswer;
  acts: LibraryActs;
  onClose: () => void;
}) {
  const words = useWords();
  const { data: folders = [] } = useQuery(foldersQuery);
  const from = agent ? agent.folder_id : (folder?.parent_id ?? null);
  const [target, setTarget] = useState<string | null>(from);
  const tree = treeOf(folders, folder?.id);
  return (
    <Dialog
      title={words.library.moveNamed((agent?.name ?? folder?.name) || words.library.unnamed)}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button look="do" type="submit" form="move-form">
            {words.library.move}
          </Button>
        </>
      }
    >
      <form
        id="move-form"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          onClose();
          if (target === from) return;
          if (agent) acts.move([agent], folders.find((one) => one.id === target) ?? null);
          else if (folder) acts.moveFolder(folder.id, target);
        }}
      >
        <fieldset className="stack gap-0.5">
          <legend className="sr-only">{words.library.moveTo}</legend>
          <Place isChosen={target === null} onChoose={() => setTarget(null)} depth={0}>
            {words.library.noFolder}
          </Place>
          {tree.map(({ folder: one, depth }) => (
            <Place key={one.id} isChosen={target === one.id} onChoose={() => setTarget(one.id)} depth={depth}>
              <FolderMark folder={one} />
              {one.name}
            </Place>
          ))}
        </fieldset>
        {folders.length === 0 ? <p className="mt-3 text-dim">{words.library.noFolders}</p> : null}
      </form>
    </Dialog>
  );
}

function Place({
  isChosen,
  onChoose,
  depth,
  children,
}: {
  isChosen: boolean;
  onChoose: () => void;
  depth: number;
  children: React.ReactNode;
}) {
  return (
    <label
      className="row min-h-11 cursor-pointer rounded-md px-2 hover:bg-sunken has-checked:bg-wash"
      style={{ marginLeft: `${depth * 1.25}rem` }}
    >
      <input type="radio" name="place" checked={isChosen} onChange={onChoose} className="accent-accent" />
      {children}
    </label>
  );
}

export function FolderDeletion({ folder, onClose }: { folder: FolderAnswer; onClose: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => api("DELETE /api/v1/library/folders/{folder_id}", { path: { folder_id: folder.id } }),
    onSuccess: () => {
      onClose();
      client.invalidateQueries({ queryKey: ["agents"] });
      tell(words.library.deleted(folder.name));
    },
    onError: tellError,
  });
  return (
    <Confirm
      title={words.library.deleteNamed(folder.name)}
      text={words.library.deleteFolderText}
      act={words.library.deleteFolder}
      isBusy={deleting.isPending}
      onDo={() => deleting.mutate()}
      onClose={onClose}
    />
  );
}
