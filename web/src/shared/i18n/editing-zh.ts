import type { editing as english } from "@/shared/i18n/editing-en";

export const editing: typeof english = {
  signs: { "+": "新增", "−": "删除", "~": "修改" },
  nothing: "无",
  same: "没有差别。",
  reordered: "节点或连线的顺序不同",
  moved: (count) => `${count} 个节点换了位置`,
  agentField: (field) =>
    ({
      name: "智能体名称",
      description: "智能体的用途",
      instructions: "智能体的说明",
      schedule_cron: "建议的计划",
      policy: "智能体的限制",
    })[field] ?? field,
  agentInside: (name) => `内部智能体：${name}`,
  linkLasts: "连线是否保留其值",

  left: (at) => `您在 ${at} 留下了未保存的修改。`,
  counts: (added, removed, changed, links, moved) =>
    [
      `节点 +${added} −${removed} ~${changed}`,
      links > 0 ? `${links} 条连线` : "",
      moved > 0 ? `移动 ${moved} 个` : "",
    ]
      .filter(Boolean)
      .join(" · "),

  conflictText: (latest, base) =>
    `版本 ${latest} 比您修改所依据的版本 ${base} 更新。只有一方修改的内容会自动合并；双方都修改的地方请选择。`,
  toChoose: (count) => `还有 ${count} 处需要选择`,
  theirsAll: "放弃我的修改",
  mergeAndSave: "合并并保存",
  bothChanged: "双方都修改了",
  allOf: { mine: "全部用我的", theirs: "全部用对方的" },
  sides: { mine: "我的", theirs: "对方的" },
  theyDid: "对方的全部修改",
  stays: "保留该节点",
  goes: "删除",
  merged: (version) => `已与他人刚保存的版本 ${version} 合并。`,

  versions: "版本",
  comparedWith: "对比",
  whatIsOpen: "当前打开的内容",
  whatChanged: "修改内容",
  restore: (version) => `恢复版本 ${version}`,
  restored: (version) => `版本 ${version} 已放到画布上。保存后即成为最新版本。`,

  openInner: "打开该智能体",
  newer: (version) => `该智能体已有版本 ${version}`,
  runsOld: (version) => `此节点运行版本 ${version}。`,
  samePins: "输入和输出不变。",
  inputs: "输入",
  outputs: "输出",
  willBreak: "通往已删除引脚的连线会保留并标出，直到您修复。",
  othersToo: (count) => `另有 ${count} 个节点运行它，也会一并更新。`,
  updateTo: (version) => `更新到版本 ${version}`,
  broken: "断开的连线",

  fullScreen: "放大编辑",
  done: "完成",
  noValue: "无值（null）",
  noJsonAt: (line, column) => `还不是有效的 JSON：第 ${line} 行，第 ${column} 列。`,
  goThere: "转到该处",
  driveAddress: "Google 云端硬盘文件的地址或 ID",
  columnName: "列名",
  kindOf: (title) => `${title}的类型`,
  types: {
    string: "文本",
    number: "数字",
    integer: "整数",
    boolean: "是或否",
    array: "列表",
    object: "对象",
    any: "任意",
  },
  model: "模型",
  modelAbout: "价格为每百万词元的点数：输入 → 输出。",
  searchModels: "搜索模型，或输入 provider:model",
  noModels: "没有这个名称的模型。",
  takeModel: (name) => `使用 ${name}`,
  rates: (into, out) => `${into} → ${out}`,
  flat: (credits) => `每次回答 ${credits} 点`,
  window: (tokens) => `${tokens} 词元`,
};
