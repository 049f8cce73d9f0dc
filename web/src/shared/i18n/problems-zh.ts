import type { Facts, Problems } from "@/shared/i18n/problems";

/** Kinds of values, as the rules of pins name them. */
const KINDS: Readonly<Record<string, string>> = {
  text: "文本",
  "a number": "数字",
  "a whole number": "整数",
  "true or false": "是或否",
  "a list": "列表",
  "an object": "对象",
  "a value": "值",
};

function kind(expected: unknown): string {
  const named = String(expected);
  if (named.startsWith("one of ")) return `以下之一：${named.slice("one of ".length)}`;
  return named
    .split(" or ")
    .map((one) => KINDS[one] ?? one)
    .join("或");
}

function wait(facts: Facts): string {
  const seconds = Math.ceil(Number(facts.retry_after_seconds));
  if (!(seconds > 0)) return "请稍后再试。";
  return seconds < 120 ? `请在 ${seconds} 秒后再试。` : `请在 ${Math.ceil(seconds / 60)} 分钟后再试。`;
}

function size(bytes: unknown): string {
  return `${Math.round((Number(bytes) / 2 ** 20) * 10) / 10} MiB`;
}

const gone = (what: string) => () => `找不到这个${what}，它可能已被删除。`;
const checkFields = () => "有些内容不符合要求，请检查标出的地方。";

/** What people meet often. What carries a sentence of its own cause is left as the server says it. */
export const problems: Problems = {
  codes: {
    "api_key.not_found": gone("密钥"),
    "api_key.too_many": () => "密钥数量已达上限。请先撤销一个。",
    "app.not_found": gone("应用"),
    "auth.already_set_up": () => "此系统已有所有者。请登录。",
    "auth.email_invalid": () => "这不是有效的电子邮箱地址。",
    "auth.forbidden": () => "您没有执行此操作的权限。",
    "auth.link_invalid": () => "此链接已使用过或已过期。请重新申请一个。",
    "auth.login_failed": () => "邮箱、密码或验证码不正确。",
    "auth.password_weak": () => "此密码太短或太容易猜到。请使用至少 10 个字符，一句话就很好。",
    "auth.required": () => "请先登录。",
    "auth.sign_in_cancelled": () => "您没有在提供方那里完成登录。",
    "auth.sign_up_closed": () => "此系统不开放注册。请向管理员申请账户。",
    "auth.suspended": () => "此账户已被停用。请联系管理员。",
    "auth.token_invalid": () => "您的登录已过期。请重新登录。",
    "auth.too_many_tries": (facts) => `尝试次数过多。${wait(facts)}`,
    "auth.totp_required": () => "还需要验证器应用中的验证码。",
    "auth.totp_state": () => "两步验证的状态已改变。请重新加载页面。",
    "connection.no_client": () => "此系统尚未在该提供方注册。请管理员设置 AUTOGRAPH_OAUTH_CLIENTS。",
    "connection.other_account": () => "刚才连接的是另一个账户。请用原来的账户登录，或另建一个连接。",
    "connection.refused": (facts) =>
      facts.provider_code === "access_denied"
        ? `您没有在 ${facts.provider} 授权，因此没有建立连接。`
        : `未能连接 ${facts.provider}。`,
    "connection.state_invalid": () => "此次连接已结束或超过十分钟。请重新开始。",
    "credential.ended": () => "此连接已失效。请重新连接。",
    "credential.in_use": () => "仍有智能体在使用它。",
    "credential.is_system": () => "这是系统的连接，不能在这里更改。",
    "credential.not_found": gone("连接"),
    "database.unavailable": () => "数据库暂时没有响应。请稍后再试。",
    "file.infected": () => "扫描器在文件中发现了问题，因此没有保存。",
    "file.not_found": gone("文件"),
    "file.too_large": (facts) => (facts.limit ? `文件超过 ${size(facts.limit)}。` : "文件过大。"),
    "files.full": () => "您的文件空间已满。请先删除一些文件。",
    "folder.exists": () => "这里已有同名的文件夹。",
    "folder.inside": () => "文件夹不能移动到自身或其子文件夹中。",
    "folder.invalid": () => "文件夹的名称、图标或颜色不符合要求。",
    "folder.not_found": gone("文件夹"),
    "folder.too_many": (facts) => `文件夹最多 ${facts.max} 个。`,
    "graph.not_found": gone("智能体"),
    "graph.stale": () => "此智能体同时在别处被保存过。请先加载最新版本。",
    "identity.last_way_in": () => "这是您唯一的登录方式，不能移除。",
    invalid: checkFields,
    "notification.not_found": gone("通知"),
    "preset.invalid": checkFields,
    "preset.not_found": gone("预设"),
    "provider.no_test": () => "该提供方没有可供免费测试的请求。运行一个使用它的智能体即可知道。",
    "provider.unavailable": () => "该提供方现在没有响应。请稍后再试。",
    "request.foreign_origin": () => "此请求来自其他网站，已被拒绝。",
    "request.rate_limited": (facts) => `请求过于频繁。${wait(facts)}`,
    "request.refused": () => "此请求看起来像攻击，已被拒绝。",
    "review.answer_invalid": () => "答复不符合问题的要求。",
    "review.answered": () => "此问题已有答复。",
    "review.not_found": gone("审核"),
    "run.credentials_missing": () => "运行没有开始：缺少智能体需要的连接。",
    "run.invalid_inputs": () => "运行没有开始：有些输入不符合要求，请检查标出的地方。",
    "run.is_going": () => "运行仍在进行。请先停止它。",
    "run.is_over": () => "运行已经结束。",
    "run.needs_trigger": () => "此智能体由外部事件启动。请给出它收到的内容。",
    "run.not_found": gone("运行"),
    "run.nothing_to_retry": () => "运行已完成，无需重试。",
    "session.not_found": gone("会话"),
    "share.not_found": () => "此链接没有内容，或已不再分享。",
    "storage.full": (facts) =>
      `运行和记忆占用了 ${size(facts.stored_bytes)}，上限为 ${size(facts.max_bytes)}。请删除不再需要的运行。`,
    too_large: () => "内容过大，超出了限制。",
    unavailable: () => "服务暂时不可用。请稍后再试。",
    "user.email_taken": () => "此邮箱已被另一个账户使用。",
    "user.last_admin": () => "这是最后一位管理员。请先指定另一位。",
    "user.not_found": gone("用户"),
    "webhook.not_found": gone("触发器"),
  },
  fields: {
    missing: () => "此项必填。",
    unknown: () => "智能体没有这个输入。",
    misfit: ({ expected, got }) => `需要${kind(expected)}，收到的是 ${got}。`,
    string_too_short: ({ min_length }) => `至少 ${min_length} 个字符。`,
    string_too_long: ({ max_length }) => `最多 ${max_length} 个字符。`,
    too_short: ({ min_length }) => `至少 ${min_length} 项。`,
    too_long: ({ max_length }) => `最多 ${max_length} 项。`,
    greater_than: ({ gt }) => `必须大于 ${gt}。`,
    greater_than_equal: ({ ge }) => `不能小于 ${ge}。`,
    less_than: ({ lt }) => `必须小于 ${lt}。`,
    less_than_equal: ({ le }) => `不能大于 ${le}。`,
    enum: ({ expected }) => `必须是以下之一：${expected}。`,
    literal_error: ({ expected }) => `必须是以下之一：${expected}。`,
    int_parsing: () => "需要整数。",
    float_parsing: () => "需要数字。",
    bool_parsing: () => "需要是或否。",
    string_type: () => "需要文本。",
    string_pattern_mismatch: () => "格式不正确。",
    extra_forbidden: () => "不接受此项。",
  },
};
