import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "@/shared/api/client";
import { en } from "@/shared/i18n/en";
import { zh } from "@/shared/i18n/zh";
import { useSettings } from "@/shared/settings";

vi.hoisted(() => {
  // What a page has and Node has not.
  vi.stubGlobal("document", { documentElement: { lang: "en", dataset: {} } });
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => {} }));
});

/** Every code the server knows, with the sentence that says what it is for. */
const KNOWN = new Set(
  [
    ...readFileSync(new URL("../../../../docs/reference/errors.md", import.meta.url), "utf8").matchAll(
      /^\| `([a-z_.]+)` \|/gm,
    ),
  ].map(([, code]) => code),
);
/** What people meet often: none of these is in a language that they did not choose. */
const OFTEN = [
  "auth.email_invalid",
  "auth.forbidden",
  "auth.link_invalid",
  "auth.login_failed",
  "auth.password_weak",
  "auth.suspended",
  "auth.too_many_tries",
  "auth.totp_required",
  "connection.refused",
  "connection.state_invalid",
  "credential.ended",
  "file.too_large",
  "files.full",
  "folder.exists",
  "graph.not_found",
  "graph.stale",
  "invalid",
  "request.rate_limited",
  "review.answered",
  "run.credentials_missing",
  "run.invalid_inputs",
  "run.not_found",
  "share.not_found",
  "storage.full",
];

function refused(code: string, details: Record<string, unknown> = {}): ApiError {
  return ApiError.from(422, { code, message: "As the server says it.", details });
}

describe("what the server says went wrong", () => {
  beforeEach(() => useSettings.setState({ messages: zh }));

  test("is translated by codes that the server knows, all that are met often among them", () => {
    const codes = Object.keys(zh.problems.codes);
    expect(codes.filter((code) => !KNOWN.has(code))).toEqual([]);
    expect(OFTEN.filter((code) => !codes.includes(code))).toEqual([]);
  });

  test("is a whole sentence without facts, too", () => {
    for (const [code, say] of Object.entries(zh.problems.codes)) {
      if (["folder.too_many", "storage.full", "connection.refused"].includes(code)) continue;
      expect(say({}), code).toMatch(/^[^A-Za-z]*[\u4e00-\u9fff].*。$/);
      expect(say({}), code).not.toMatch(/undefined|NaN/);
    }
  });

  test("has the facts of the error in it", () => {
    expect(refused("auth.too_many_tries", { retry_after_seconds: 41.2 }).message).toBe(
      "尝试次数过多。请在 42 秒后再试。",
    );
    expect(refused("file.too_large", { limit: 104_857_600 }).message).toBe("文件超过 100 MiB。");
    expect(refused("folder.too_many", { max: 500 }).message).toBe("文件夹最多 500 个。");
    expect(refused("connection.refused", { provider: "Acme", provider_code: "access_denied" }).message).toBe(
      "您没有在 Acme 授权，因此没有建立连接。",
    );
  });

  test("is said at a field by the reason, and as the server says it where there is none", () => {
    const error = refused("run.invalid_inputs", {
      errors: { a: "Expected a number or text, got [].", b: "This input needs a value.", c: "Only here." },
      reasons: { a: { kind: "misfit", expected: "a number or text", got: "[]" }, b: { kind: "missing" } },
    });
    expect(error.fields).toEqual({ a: "需要数字或文本，收到的是 []。", b: "此项必填。", c: "Only here." });
  });

  test("is the server's own sentence for every other code, and in the server's language", () => {
    expect(refused("graph.not_an_agent").message).toBe("As the server says it.");
    useSettings.setState({ messages: en });
    expect(refused("auth.login_failed").message).toBe("As the server says it.");
  });
});
