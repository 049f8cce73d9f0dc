// Numbers and spans of time as both languages write them.
//
// Intl would do the same, but its first use loads tables for some 30 ms, and a phone has four times that to wait before
// it sees a page: what every page shows is written here, and numbers.test.ts compares it with Intl.

export type Unit = "year" | "month" | "day" | "hour" | "minute" | "second";
/** What to say of so many units: -3 is "3 minutes ago", 3 is "in 3 minutes". */
export type Relative = Record<Unit, (count: number) => string>;

/** "12,345". */
export function grouped(whole: number): string {
  return String(whole).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

function english(unit: Unit, near: Readonly<Record<number, string>> = {}): (count: number) => string {
  return (count) => {
    const many = Math.abs(count);
    const span = `${grouped(many)} ${unit}${many === 1 ? "" : "s"}`;
    return near[count] ?? (count < 0 ? `${span} ago` : `in ${span}`);
  };
}

function chinese(unit: string, near: Readonly<Record<number, string>> = {}): (count: number) => string {
  return (count) => near[count] ?? `${grouped(Math.abs(count))}${unit}${count < 0 ? "前" : "后"}`;
}

export const relativeEn: Relative = {
  year: english("year", { [-1]: "last year", 0: "this year", 1: "next year" }),
  month: english("month", { [-1]: "last month", 0: "this month", 1: "next month" }),
  day: english("day", { [-1]: "yesterday", 0: "today", 1: "tomorrow" }),
  hour: english("hour", { 0: "this hour" }),
  minute: english("minute", { 0: "this minute" }),
  second: english("second", { 0: "now" }),
};

export const relativeZh: Relative = {
  year: chinese("年", { [-1]: "去年", 0: "今年", 1: "明年" }),
  month: chinese("个月", { [-1]: "上个月", 0: "本月", 1: "下个月" }),
  day: chinese("天", { [-2]: "前天", [-1]: "昨天", 0: "今天", 1: "明天", 2: "后天" }),
  hour: chinese("小时", { 0: "此时" }),
  minute: chinese("分钟", { 0: "此刻" }),
  second: chinese("秒钟", { 0: "现在" }),
};
