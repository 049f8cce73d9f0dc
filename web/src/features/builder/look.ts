// How blocks and pins look: a family has a hue, a type a colour and a shape.

import {
  Blocks,
  Bot,
  Braces,
  Brain,
  Code2,
  Database,
  FileText,
  GitBranch,
  Globe,
  Hand,
  Handshake,
  ListChecks,
  LogIn,
  LogOut,
  type LucideIcon,
  MessageSquare,
  MessagesSquare,
  Search,
  StickyNote,
  Type,
  Webhook,
} from "lucide-react";
import { typesOf } from "@/graph-core/coerce";
import type { BlockSpec, Schema } from "@/graph-core/model";

/** Below this zoom a node is a tile with its name, and the ground has no dots. */
export const FAR = 0.4;
/** Below this one the canvas is a map itself. Names stay: Chromium pans a layer without any text at half the rate. */
export const VERY_FAR = 0.15;

interface Family {
  hue: number;
  icon: LucideIcon;
}

const FAMILIES: Record<string, Family> = {
  INPUT: { hue: 205, icon: LogIn },
  OUTPUT: { hue: 180, icon: LogOut },
  AI: { hue: 300, icon: Brain },
  AGENT: { hue: 280, icon: Bot },
  TEXT: { hue: 245, icon: Type },
  DATA: { hue: 130, icon: Database },
  LOGIC: { hue: 60, icon: GitBranch },
  SEARCH: { hue: 225, icon: Search },
  COMMUNICATION: { hue: 330, icon: MessagesSquare },
  PRODUCTIVITY: { hue: 190, icon: ListChecks },
  CRM: { hue: 10, icon: Handshake },
  SOCIAL: { hue: 345, icon: MessageSquare },
  DEVELOPER_TOOLS: { hue: 100, icon: Code2 },
  MULTIMEDIA: { hue: 20, icon: FileText },
  HARDWARE: { hue: 40, icon: Globe },
  BASIC: { hue: 155, icon: Blocks },
};
const UNKNOWN: Family = { hue: 25, icon: Braces };

/** The family that a block is drawn as: the most telling of its categories. */
export function familyOf(spec: BlockSpec | undefined): Family {
  if (!spec) return UNKNOWN;
  if (spec.kind === "Webhook" || spec.kind === "Webhook (manual)") return { hue: 80, icon: Webhook };
  if (spec.kind === "Human In The Loop") return { hue: 75, icon: Hand };
  if (spec.kind === "Note") return { hue: 90, icon: StickyNote };
  const category = spec.categories.find((one) => one !== "BASIC") ?? spec.categories[0];
  return FAMILIES[category ?? ""] ?? UNKNOWN;
}

export type PinShape = "value" | "list" | "object" | "file" | "any";

export interface PinLook {
  shape: PinShape;
  hue: number;
  isGrey: boolean;
}

export function pinLook(schema: Schema): PinLook {
  const types = [...typesOf(schema)].filter((one) => one !== "null");
  if (schema.format === "file") return { shape: "file", hue: 20, isGrey: false };
  if (types.length !== 1) return { shape: "any", hue: 0, isGrey: true };
  switch (types[0]) {
    case "string":
      return { shape: "value", hue: 245, isGrey: false };
    case "number":
    case "integer":
      return { shape: "value", hue: 60, isGrey: false };
    case "boolean":
      return { shape: "value", hue: 330, isGrey: false };
    case "array":
      return { shape: "list", hue: 155, isGrey: false };
    case "object":
      return { shape: "object", hue: 300, isGrey: false };
    default:
      return { shape: "any", hue: 0, isGrey: true };
  }
}

export function pinColour(schema: Schema): string {
  const { hue, isGrey } = pinLook(schema);
  return isGrey ? "var(--faint)" : `oklch(var(--pin-l) 0.13 ${hue})`;
}

export function blockColour(spec: BlockSpec | undefined): string {
  return `oklch(var(--block-l) var(--block-c) ${familyOf(spec).hue})`;
}
