import { expect, test } from "vitest";
import { grouped, relativeEn, relativeZh, type Unit } from "@/shared/i18n/numbers";

test.each([
  ["en", relativeEn],
  ["zh-CN", relativeZh],
])("spans of time are written as Intl writes them in %s", (locale, relative) => {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const unit of Object.keys(relative) as Unit[])
    for (const count of [-12_345, -60, -24, -3, -2, -1, 1, 2, 3, 45, 1_000])
      expect(relative[unit](count)).toBe(format.format(count, unit));
  expect(relative.second(0)).toBe(format.format(0, "second"));
});

test("whole numbers are grouped as Intl groups them", () => {
  for (const locale of ["en", "zh-CN"]) {
    const format = new Intl.NumberFormat(locale);
    for (const one of [0, 7, 999, 1_000, 12_345, 999_999, 1_000_000, -1, -1_234, -123_456])
      expect(grouped(one)).toBe(format.format(one));
  }
});
