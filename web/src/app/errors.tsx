import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { ApiError } from "@/shared/api/client";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { messageOf } from "@/shared/ui/toast";

export function NotFoundPage() {
  const words = useWords();
  return (
    <Plain title={words.errors.notFound} text={words.errors.notFoundText} code="404">
      <Link to="/" className={buttonClass("do")}>
        {words.errors.toHome}
      </Link>
    </Plain>
  );
}

export function ProblemPage({ error, reset }: ErrorComponentProps) {
  const words = useWords();
  const router = useRouter();
  const isMissing = error instanceof ApiError && error.status === 404;
  if (isMissing) return <NotFoundPage />;
  const code = error instanceof ApiError && error.status ? String(error.status) : "";
  const isOffline = error instanceof ApiError && error.code === "offline";
  const title = isOffline ? words.offline.title : words.errors.broken;
  return (
    <Plain title={code === "403" ? words.errors.mayNot : title} text={messageOf(error)} code={code}>
      <Button
        look="do"
        onClick={() => {
          reset();
          router.invalidate();
        }}
      >
        {words.tryAgain}
      </Button>
      <Link to="/" className={buttonClass()}>
        {words.errors.toHome}
      </Link>
    </Plain>
  );
}

function Plain({
  title,
  text,
  code,
  children,
}: {
  title: string;
  text: string;
  code: string;
  children: React.ReactNode;
}) {
  return (
    <main className="mx-auto stack min-h-[70dvh] max-w-lg items-start justify-center px-6">
      <p className="mb-2 font-mono text-13 text-dim">{code}</p>
      <h1 className="text-28">{title}</h1>
      <p className="mt-2 text-16 text-dim">{text}</p>
      <div className="row mt-6 flex-wrap">{children}</div>
    </main>
  );
}
