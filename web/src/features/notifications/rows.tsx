import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  CheckCircle2,
  Clock,
  MailCheck,
  MailOpen,
  ServerCog,
  ShieldAlert,
  Webhook,
  XCircle,
} from "lucide-react";
import type { ReactNode } from "react";
import { placeOf, sentence } from "@/features/notifications/telling";
import { api } from "@/shared/api/client";
import type { NotificationAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { IconButton } from "@/shared/ui/button";
import { Ago } from "@/shared/ui/state";
import { tellError } from "@/shared/ui/toast";

const ICONS: Record<NotificationAnswer["kind"], ReactNode> = {
  run_failed: <XCircle className="text-bad" />,
  run_completed: <CheckCircle2 className="text-good" />,
  review_waiting: <Clock className="text-wait" />,
  webhook_unhealthy: <Webhook className="text-wait" />,
  security: <ShieldAlert className="text-accent" />,
  installation: <ServerCog className="text-dim" />,
};

export function useMark() {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ["notifications"] });
  const one = useMutation({
    mutationFn: ({ id, isRead }: { id: string; isRead: boolean }) =>
      api("PATCH /api/v1/notifications/{notification_id}", {
        path: { notification_id: id },
        body: { is_read: isRead },
      }),
    onSuccess: again,
    onError: tellError,
  });
  const all = useMutation({
    // What comes while somebody presses the button stays unread.
    mutationFn: (until: string) => api("POST /api/v1/notifications/read", { body: { until } }),
    onSuccess: again,
    onError: tellError,
  });
  return { one, all };
}

/** Notifications, one a row: where it leads is a link, which also counts it as read. */
export function NotificationRows({
  notifications,
  onOpen,
}: {
  notifications: NotificationAnswer[];
  onOpen?: () => void;
}) {
  const words = useWords();
  const { one: marking } = useMark();
  return (
    <ul className="divide-y">
      {notifications.map((one) => {
        const isRead = one.read_at !== null;
        const message = typeof one.body.message === "string" ? one.body.message : "";
        return (
          <li key={one.id} className="tap relative flex items-start gap-3 px-4 py-3 hover:bg-sunken/60">
            <span className="mt-0.5 [&_svg]:size-4" aria-hidden="true">
              {ICONS[one.kind]}
            </span>
            <span className="min-w-0 grow">
              <Link
                {...placeOf(one)}
                onClick={() => {
                  if (!isRead) marking.mutate({ id: one.id, isRead: true });
                  onOpen?.();
                }}
                className={`line-clamp-2 after:absolute after:inset-0 ${isRead ? "text-dim" : "font-medium"}`}
              >
                {sentence(one, words)}
              </Link>
              {message ? <span className="mt-0.5 line-clamp-2 text-13 text-dim">{message}</span> : null}
              <span className="mt-0.5 block text-12 text-dim">
                <Ago at={one.at} />
                {one.times > 1 ? ` · ${words.notifications.times(one.times)}` : ""}
              </span>
            </span>
            {isRead ? null : (
              <span className="mt-1.5 size-2 shrink-0 rounded-full bg-accent" aria-hidden="true" />
            )}
            <IconButton
              label={isRead ? words.notifications.unreadOne : words.notifications.read}
              className="relative z-10 -my-1"
              onClick={() => marking.mutate({ id: one.id, isRead: !isRead })}
            >
              {isRead ? <MailOpen /> : <MailCheck />}
            </IconButton>
          </li>
        );
      })}
    </ul>
  );
}
