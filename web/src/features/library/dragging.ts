// Cards and folders are dragged onto folders with the mouse; the menu "Move to a folder" is the same by keys.

import { type DragEvent, useState } from "react";
import type { LibraryActs, Named } from "@/features/library/acts";

const AGENT = "application/x-autograph-agent";
const FOLDER = "application/x-autograph-folder";

export function drags(kind: "agent" | "folder", one: Named) {
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      event.dataTransfer.setData(
        kind === "agent" ? AGENT : FOLDER,
        JSON.stringify({ id: one.id, name: one.name }),
      );
      event.dataTransfer.effectAllowed = "move";
    },
  };
}

/** Have something take cards and folders that are dropped on it; null stands for no folder. */
export function useDropPlace(folder: Named | null, acts: LibraryActs) {
  const [isOver, setOver] = useState(false);
  const takes = (event: DragEvent) =>
    event.dataTransfer.types.includes(AGENT) || event.dataTransfer.types.includes(FOLDER);
  return {
    isOver,
    place: {
      onDragOver: (event: DragEvent) => {
        if (!takes(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "move";
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: (event: DragEvent) => {
        setOver(false);
        if (!takes(event)) return;
        event.preventDefault();
        event.stopPropagation();
        const agent = event.dataTransfer.getData(AGENT);
        if (agent) return acts.move([JSON.parse(agent)], folder);
        const moved: Named = JSON.parse(event.dataTransfer.getData(FOLDER));
        if (moved.id !== folder?.id) acts.moveFolder(moved.id, folder?.id ?? null);
      },
    },
  };
}
