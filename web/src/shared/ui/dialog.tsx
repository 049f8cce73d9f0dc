import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";

/** A window over the page. The browser's own dialog keeps the focus inside and gives it back. */
export function Dialog({
  title,
  about,
  onClose,
  children,
  footer,
  isWide = false,
  isFull = false,
}: {
  title: string;
  about?: ReactNode;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  isWide?: boolean;
  /** As large as the window: for what is edited at length. */
  isFull?: boolean;
}) {
  const words = useWords();
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === ref.current && onClose()}
      className={`w-full ${isFull ? "h-[calc(100dvh-2rem)] max-h-none max-w-[min(80rem,calc(100vw-2rem))]" : `max-h-[min(46rem,calc(100dvh-2rem))] ${isWide ? "max-w-3xl" : "max-w-lg"}`} animate-rise rounded-lg border bg-paper p-0 shadow-float max-sm:mb-0 max-sm:max-w-full max-sm:rounded-b-none open:flex`}
    >
      <div className={`stack w-full ${isFull ? "h-full" : "max-h-[inherit]"}`}>
        <header className="flex items-start gap-3 px-5 pt-4 pb-3">
          <div className="min-w-0 grow">
            <h2 id={id} className="text-16">
              {title}
            </h2>
            {about ? <div className="mt-0.5 text-13 text-dim">{about}</div> : null}
          </div>
          <IconButton label={words.close} onClick={onClose} className="-mr-2">
            <X />
          </IconButton>
        </header>
        <div className="min-h-0 grow overflow-y-auto px-5 pt-1 pb-5">{children}</div>
        {footer ? (
          <footer className="row justify-end border-t px-5 py-3 max-sm:[&>button]:grow">{footer}</footer>
        ) : null}
      </div>
    </dialog>
  );
}

/** Ask before something that cannot be undone. */
export function Confirm({
  title,
  text,
  act,
  onClose,
  onDo,
  isBusy = false,
}: {
  title: string;
  text: ReactNode;
  act: string;
  onClose: () => void;
  onDo: () => void;
  isBusy?: boolean;
}) {
  const words = useWords();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button look="danger" onClick={onDo} isBusy={isBusy}>
            {act}
          </Button>
        </>
      }
    >
      <div className="text-dim">{text}</div>
    </Dialog>
  );
}
