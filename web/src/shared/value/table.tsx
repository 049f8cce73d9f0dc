import { useState } from "react";
import type { Json } from "@/graph-core/model";
import { number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { textOfValue } from "@/shared/value/kinds";

const MAX_ROWS = 200;

/** Rows with the same columns; a click on a heading sorts by it. */
export function TableView({ rows }: { rows: ReadonlyArray<Record<string, Json>> }) {
  const words = useWords();
  const columns = [...new Set(rows.slice(0, MAX_ROWS).flatMap((row) => Object.keys(row)))];
  const numeric = new Set(
    columns.filter((column) => rows.slice(0, MAX_ROWS).every((row) => isNumber(row[column]))),
  );
  const [sort, setSort] = useState<{ column: string; isDown: boolean } | null>(null);
  const sorted = sort
    ? [...rows].sort((a, b) => (sort.isDown ? -1 : 1) * order(a[sort.column], b[sort.column]))
    : rows;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <div className="max-h-96 overflow-auto rounded-md border" tabIndex={0}>
      <table className="w-full text-13">
        <thead className="sticky top-0 bg-sunken">
          <tr>
            {columns.map((column) => (
              <th
                key={column}
                aria-sort={sort?.column === column ? (sort.isDown ? "descending" : "ascending") : "none"}
                className="whitespace-nowrap font-medium"
              >
                <button
                  type="button"
                  className={`w-full px-3 py-1.5 hover:text-accent ${numeric.has(column) ? "text-right" : "text-left"}`}
                  onClick={() => setSort({ column, isDown: sort?.column === column && !sort.isDown })}
                >
                  {column} {sort?.column === column ? (sort.isDown ? "↓" : "↑") : ""}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, MAX_ROWS).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name but their place
            <tr key={index} className="border-t">
              {columns.map((column) => {
                const text = row[column] === undefined ? "" : textOfValue(row[column], 0);
                return (
                  <td
                    key={column}
                    title={text.length > 40 ? text : undefined}
                    className={`max-w-xs truncate px-3 py-1.5 ${numeric.has(column) ? "text-right" : ""}`}
                  >
                    {text}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MAX_ROWS ? (
        <p className="p-2 text-13 text-dim">{words.value.rows(MAX_ROWS, number(rows.length))}</p>
      ) : null}
    </div>
  );
}

function isNumber(value: Json): boolean {
  return value === "" || value === undefined || (value !== null && Number.isFinite(Number(value)));
}

/** Numbers by size, also those written as text; everything else by its letters. */
function order(a: Json, b: Json): number {
  const [x, y] = [Number(a), Number(b)];
  const areNumbers =
    a !== "" && b !== "" && a !== null && b !== null && Number.isFinite(x) && Number.isFinite(y);
  return areNumbers ? x - y : String(a ?? "").localeCompare(String(b ?? ""));
}
