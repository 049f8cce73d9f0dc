import "@/app/style.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queries } from "@/app/queries";
import { router } from "@/app/router";
import { whenLoggedOut } from "@/shared/api/client";
import { loadLanguage } from "@/shared/settings";
import { Toasts } from "@/shared/ui/toast";

whenLoggedOut(() => {
  const { pathname, searchStr } = router.state.location;
  if (pathname === "/login" || pathname === "/welcome") return;
  queries.clear();
  router.navigate({ to: "/login", search: { next: pathname + searchStr } });
});

const place = document.getElementById("app");
if (place === null) throw new Error("the page has no place for the app");
loadLanguage().then(() =>
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </StrictMode>,
  ),
);
