import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 200;

/** What a list is searched for: said once somebody pauses, so that it can be kept in the address. */
export function SearchBox({
  label,
  value,
  onSearch,
  className = "",
}: {
  label: string;
  value: string;
  onSearch: (text: string) => void;
  className?: string;
}) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const say = useRef(onSearch);
  say.current = onSearch;
  useEffect(() => {
    // What comes from elsewhere, a link or the way back, is shown; what was typed here is newer than its echo.
    if (value !== sent.current) setText(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      say.current(text);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className={`relative ${className}`}>
      <Search className="absolute top-2.5 left-3 size-4 text-dim" aria-hidden="true" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="field pl-9"
      />
    </div>
  );
}
