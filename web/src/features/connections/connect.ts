// How an account is connected: the provider in a window of its own, and what comes back from there.

import { ApiError, api } from "@/shared/api/client";
import type { CredentialAnswer, Operations } from "@/shared/api/schema";

type Asked = Operations["POST /api/v1/connections"]["body"];

/** What the page that people come back to tells the one that they left from. */
export type ConnectionNews = { state: string } & ({ credential: CredentialAnswer } | { message: string });

/** Pages of one browser hear of connections here. */
export function newsOfConnections(): BroadcastChannel {
  return new BroadcastChannel("autograph-connections");
}

/** Open the provider, and wait for what it comes back with; without end, so `signal` is how a person gives up. */
export async function connect(asked: Asked, signal: AbortSignal): Promise<CredentialAnswer> {
  const window_ = open("", "_blank", "popup,width=560,height=720");
  const news = newsOfConnections();
  try {
    const begun = await api("POST /api/v1/connections", { body: asked, signal });
    const ended = new Promise<CredentialAnswer>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      news.onmessage = ({ data }: MessageEvent<ConnectionNews>) => {
        if (data.state !== begun.state) return;
        if ("credential" in data) resolve(data.credential);
        else reject(new ApiError(0, "connection.refused", data.message, {}, ""));
      };
    });
    // Where windows are not let open, the person goes there in this one.
    if (window_) window_.location.href = begun.url;
    else location.assign(begun.url);
    return await ended;
  } finally {
    news.close();
    window_?.close();
  }
}
