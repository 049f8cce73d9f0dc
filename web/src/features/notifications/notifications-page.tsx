import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { BellRing } from "lucide-react";
import { notificationsQuery } from "@/features/notifications/queries";
import { NotificationRows, useMark } from "@/features/notifications/rows";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Empty, Page, Problem, ShowMore, Skeletons } from "@/shared/ui/state";

/** Everything one was told. */
export function NotificationsPage() {
  const words = useWords();
  const { status } = useSearch({ from: "/shell/notifications" });
  const isUnread = status === "unread";
  const found = useInfiniteQuery(notificationsQuery(isUnread ? "unread" : "all"));
  const { all: marking } = useMark();
  const rows = found.data?.pages.flatMap((page) => page.notifications) ?? [];
  const unread = found.data?.pages[0]?.unread ?? 0;
  return (
    <Page
      isNarrow
      title={words.nav.notifications}
      aside={
        <>
          {rows[0] && unread > 0 ? (
            <Button isBusy={marking.isPending} onClick={() => rows[0] && marking.mutate(rows[0].id)}>
              {words.notifications.allRead}
            </Button>
          ) : null}
          <Link to="/notifications" search={isUnread ? {} : { status: "unread" }} className={buttonClass()}>
            {isUnread ? words.notifications.all : words.notifications.unreadOnly}
          </Link>
          <Link to="/account" hash="notifications" className={buttonClass()}>
            {words.notifications.wanted}
          </Link>
        </>
      }
    >
      {found.isPending ? (
        <Skeletons count={4} className="h-16" />
      ) : found.isError ? (
        <Problem error={found.error} onRetry={() => found.refetch()} />
      ) : rows.length === 0 ? (
        <Empty
          icon={<BellRing />}
          title={isUnread ? words.notifications.noneUnread : words.notifications.none}
          text={isUnread ? words.notifications.noneUnreadText : words.notifications.noneText}
        />
      ) : (
        <>
          <div className="card overflow-hidden">
            <NotificationRows notifications={rows} />
          </div>
          <ShowMore of={found} />
        </>
      )}
    </Page>
  );
}
