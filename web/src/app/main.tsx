import "@/app/style.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { install } from "@/app/install";
import { queries } from "@/app/queries";
import { askAhead, router } from "@/app/router";
import { whenElsewhere } from "@/app/session";
import { whenLoggedOut } from "@/shared/api/client";
import { loadLanguage } from "@/shared/settings";
import { Toasts } from "@/shared/ui/toast";

const OPEN_TO_ALL = /^\/(login|welcome|signup|forgotten|auth|share)\b/;

function leave(): void {
  const { pathname, searchStr } = router.state.location;
  // The first page finds out by itself who is here.
  if (OPEN_TO_ALL.test(pathname) || !router.state.resolvedLocation) return;
  queries.clear();
  router.navigate({ to: "/login", search: { next: pathname + searchStr } });
}
whenLoggedOut(leave);
whenElsewhere((news) => {
  if (news === "out") leave();
  // Perhaps somebody else: nothing of who was here before stays in view.
  else queries.resetQueries();
});
install();

askAhead();

const place = document.getElementById("app");
if (place === null) throw new Error("the page has no place for the app");
loadLanguage().then(() =>
  startTransition(() =>
    createRoot(place).render(
      <StrictMode>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
          <Toasts />
        </QueryClientProvider>
      </StrictMode>,
    ),
  ),
);
