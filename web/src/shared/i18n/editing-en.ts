// Words of editing in the builder: versions, merging, groups, widgets that only it has.

export const editing = {
  signs: { "+": "Added", "−": "Removed", "~": "Changed" },
  nothing: "nothing",
  same: "Nothing differs.",
  reordered: "Nodes or links stand in another order",
  moved: (count: number) => (count === 1 ? "1 node stands elsewhere" : `${count} nodes stand elsewhere`),
  agentField: (field: string) =>
    ({
      name: "Name of the agent",
      description: "What the agent does",
      instructions: "Instructions of the agent",
      schedule_cron: "Recommended schedule",
      policy: "Limits of the agent",
    })[field] ?? field,
  agentInside: (name: string) => `Agent inside: ${name}`,
  linkLasts: "whether the link keeps its value",

  left: (at: string) => `You left changes here at ${at} that were not saved.`,
  counts: (added: number, removed: number, changed: number, links: number, moved: number) =>
    [
      `+${added} −${removed} ~${changed} nodes`,
      links > 0 ? (links === 1 ? "1 link" : `${links} links`) : "",
      moved > 0 ? `${moved} moved` : "",
    ]
      .filter(Boolean)
      .join(" · "),

  conflictText: (latest: number, base: number) =>
    `Version ${latest} is newer than version ${base}, on which your changes are based. What only one of you changed is merged by itself; choose where both changed the same.`,
  toChoose: (count: number) => (count === 1 ? "1 choice is left" : `${count} choices are left`),
  theirsAll: "Drop mine",
  mergeAndSave: "Merge and save",
  bothChanged: "Both of you changed",
  allOf: { mine: "All of mine", theirs: "All of theirs" },
  sides: { mine: "Mine", theirs: "Theirs" },
  theyDid: "All that they changed",
  stays: "The node stays, as it is there",
  goes: "It is removed",
  merged: (version: number) => `Merged with version ${version}, which somebody saved meanwhile.`,

  versions: "Versions",
  comparedWith: "Compared with",
  whatIsOpen: "what is open here",
  whatChanged: "What changed",
  restore: (version: number) => `Restore version ${version}`,
  restored: (version: number) => `Version ${version} is on the canvas. Save it to make it the newest.`,

  openInner: "Open this agent",
  newer: (version: number) => `Version ${version} of this agent is there`,
  runsOld: (version: number) => `This node runs version ${version}.`,
  samePins: "It takes and gives the same.",
  inputs: "Inputs",
  outputs: "Outputs",
  willBreak: "Links to pins that are gone stay, marked, until you mend them.",
  othersToo: (count: number) =>
    count === 1
      ? "Another node runs it, and is updated, too."
      : `${count} other nodes run it, and are updated, too.`,
  updateTo: (version: number) => `Update to version ${version}`,
  broken: "Broken links",

  fullScreen: "Edit with more room",
  done: "Done",
  noValue: "No value (null)",
  noJsonAt: (line: number, column: number) => `This is not JSON yet: line ${line}, column ${column}.`,
  goThere: "Go there",
  driveAddress: "Address or id of the file in Google Drive",
  columnName: "Column name",
  kindOf: (title: string) => `Kind of ${title}`,
  types: {
    string: "Text",
    number: "Number",
    integer: "Whole number",
    boolean: "Yes or no",
    array: "List",
    object: "Object",
    null: "Nothing",
    json: "JSON",
    any: "Anything",
  },
  model: "Model",
  modelAbout: "Prices are credits for a million tokens: what goes in → what comes out.",
  searchModels: "Search models, or type provider:model",
  noModels: "No model is called that.",
  takeModel: (name: string) => `Use ${name}`,
  rates: (into: string, out: string) => `${into} → ${out}`,
  flat: (credits: number) => (credits === 1 ? "1 credit an answer" : `${credits} credits an answer`),
  window: (tokens: string) => `${tokens} tokens`,

  mcpServer: "Server",
  mcpHint: "An MCP server's address, which often ends in /mcp.",
  mcpFind: "Find its tools",
  mcpChoose: "Which tool?",
  mcpSearch: "Search its tools",
  mcpNone: "No tool is called that.",
  again: "Try again",

  group: "Group",
  groupHint: "Nodes of one name stand in one frame.",
  groupNamed: (name: string) => `Group ${name}`,
  groupHold: "Click to select all of it, drag to move it",
  newGroup: (count: number) => `Group ${count}`,
  noGroup: "None",
  several: "Several",
  align: "Line up",
  alignments: {
    left: "At the left",
    centre: "In the middle, one under another",
    right: "At the right",
    top: "At the top",
    middle: "In the middle, side by side",
    bottom: "At the bottom",
  },
  distribute: { horizontal: "Spread evenly, side by side", vertical: "Spread evenly, one under another" },

  shelf: {
    recent: "Used lately",
    starters: "To begin with",
    all: "All blocks",
    own: "My agents",
    service: "Service",
    anyService: "With any service, or none",
    because: (words: string) => `Found by ${words}`,
  },

  noAgentFile: (file: string) => `${file} is no agent file. Nothing was added.`,
  triggerNote:
    "It starts a run when something happens at its service; what to listen to is said when it is set up.",
  triggers: (count: number) => `There are ${count} triggers here, each listens by itself.`,
  triggerSetUp: "Set it up at the agent's page",
  triggerSaveFirst: "Save the agent first.",
};
