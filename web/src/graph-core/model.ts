// An agent as the API gives and takes it, and what the canvas knows of its blocks. No framework, no I/O.

// biome-ignore lint/suspicious/noExplicitAny: a JSON value is anything until it is looked at
export type Json = any;

/** A JSON Schema with its references inlined; pins carry more words of our own. */
export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  const?: Json;
  enum?: Json[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  format?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  placeholder?: string;
  advanced?: boolean;
  secret?: boolean;
  hidden?: boolean;
  credentials_provider?: string[];
  credentials_types?: string[];
  credentials_scopes?: string[];
  "x-aliases"?: string[];
  "x-loop"?: boolean;
  "x-models"?: string;
  [more: string]: Json;
}

export type BlockKind =
  | "Standard"
  | "Input"
  | "Output"
  | "Note"
  | "Agent"
  | "Webhook"
  | "Webhook (manual)"
  | "AI"
  | "Human In The Loop"
  | "MCP Tool";

/** The facts of a block. */
export interface BlockSpec {
  id: string;
  name: string;
  description: string;
  categories: string[];
  kind: BlockKind;
  effect: string;
  static_output: boolean;
  is_sensitive: boolean;
  input_schema: Schema;
  output_schema: Schema;
  /** Other words that people look for it by. */
  aliases?: string[];
  deprecated: string | null;
}

export interface Policy {
  timeout?: number;
  retry?: { max: number; backoff: number; on?: string[] };
  on_error?: "route" | "ignore" | "fail_fast";
  outcome_unknown?: "ask" | "retry" | "fail";
  review?: { deadline?: number; default: "approve" | "reject" };
}

export interface GraphNode {
  id: string;
  block_id: string;
  name?: string;
  constants?: Record<string, Json>;
  policy?: Policy;
  credentials_optional?: boolean;
  metadata?: Record<string, Json>;
}

export interface GraphLink {
  from: string;
  output: string;
  to: string;
  input: string;
  static?: boolean;
}

export interface Position {
  x: number;
  y: number;
}

/** An agent in our own form (`graph/portable/writer.py`). */
export interface Graph {
  autograph?: number;
  id: string;
  name: string;
  version: number;
  description?: string;
  instructions?: string;
  schedule_cron?: string;
  forked_from?: { id: string; version: number };
  policy?: Policy;
  nodes: GraphNode[];
  links: GraphLink[];
  sub_graphs?: Graph[];
  layout?: Record<string, Position>;
}

export type Specs = ReadonlyMap<string, BlockSpec>;

export function isList(value: Json): value is Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
