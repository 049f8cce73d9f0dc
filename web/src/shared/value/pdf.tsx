import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import worker from "pdfjs-dist/legacy/build/pdf.worker.min.mjs?url";
import { useEffect, useRef, useState } from "react";
import { useWords } from "@/shared/settings";
import { IconButton } from "@/shared/ui/button";

GlobalWorkerOptions.workerSrc = worker;

/** A PDF, drawn page by page. What acts in one (scripts, forms, links) does not: it is a picture, and its text. */
export default function Pdf({ url, name }: { url: string; name: string }) {
  const words = useWords();
  const [file, setFile] = useState<PDFDocumentProxy | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const [number, setNumber] = useState(1);
  useEffect(() => {
    const loading = getDocument({ url, disableRange: true, disableStream: true, useWasm: false });
    loading.promise.then(setFile, () => setFailed(true));
    return () => {
      loading.destroy();
    };
  }, [url]);
  if (hasFailed) return <p className="text-dim">{words.value.noPdf}</p>;
  if (!file) return <div className="skeleton h-96 animate-breathe" />;
  return (
    <figure className="w-full max-w-3xl overflow-hidden rounded-md border">
      <PdfPage
        file={file}
        url={url}
        number={number}
        label={`${name}, ${words.value.pdfPage(number, file.numPages)}`}
      />
      {file.numPages > 1 ? (
        <figcaption className="row justify-center border-t bg-sunken py-1 text-13 text-dim">
          <IconButton
            label={words.value.pageBefore}
            disabled={number === 1}
            onClick={() => setNumber(number - 1)}
          >
            <ChevronLeft />
          </IconButton>
          {words.value.pdfPage(number, file.numPages)}
          <IconButton
            label={words.value.pageAfter}
            disabled={number === file.numPages}
            onClick={() => setNumber(number + 1)}
          >
            <ChevronRight />
          </IconButton>
        </figcaption>
      ) : null}
    </figure>
  );
}

const SHARPNESS = 2;

function PdfPage({
  file,
  url,
  number,
  label,
}: {
  file: PDFDocumentProxy;
  url: string;
  number: number;
  label: string;
}) {
  const ref = useRef<HTMLCanvasElement>(null);
  const { data: text } = useQuery({
    queryKey: ["files", "pdf", url, number],
    queryFn: async () => {
      const content = await (await file.getPage(number)).getTextContent();
      return content.items.map((one) => ("str" in one ? one.str : "")).join(" ");
    },
  });
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas) return;
    let drawing: { cancel(): void } | null = null;
    let isGone = false;
    file.getPage(number).then((page) => {
      if (isGone) return;
      const width = canvas.parentElement?.clientWidth ?? 600;
      const viewport = page.getViewport({
        scale: (width / page.getViewport({ scale: 1 }).width) * Math.min(SHARPNESS, devicePixelRatio || 1),
      });
      canvas.width = viewport.width;
      canvas.height = viewport.height;
      const task = page.render({ canvas, viewport });
      drawing = task;
      task.promise.catch(() => {}); // another page was turned to meanwhile
    });
    return () => {
      isGone = true;
      drawing?.cancel();
    };
  }, [file, number]);
  return (
    <>
      <canvas ref={ref} role="img" aria-label={label} className="block w-full bg-white" />
      <p className="sr-only">{text}</p>
    </>
  );
}
