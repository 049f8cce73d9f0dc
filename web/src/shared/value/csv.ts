// Tables that are written as text.

const SEPARATORS = [",", "\t", ";"] as const;
const LONGEST_HEADING = 60;

/** The rows of a text that is a table with headings, as objects; null where it is none, or hardly one. */
export function rowsOfCsv(text: string, isSure = false): Array<Record<string, string>> | null {
  for (const separator of SEPARATORS) {
    const rows = split(text, separator);
    const [headings, ...rest] = rows ?? [];
    if (!headings || rest.length === 0 || headings.length < 2) continue;
    if (rest.some((row) => row.length !== headings.length)) continue;
    // Prose has commas, too: what is no table has sentences in its first line.
    if (!isSure && !headings.every(isHeading)) continue;
    if (new Set(headings).size !== headings.length) continue;
    return rest.map((row) =>
      Object.fromEntries(headings.map((name, place) => [name.trim(), row[place] ?? ""])),
    );
  }
  return null;
}

function isHeading(cell: string): boolean {
  const name = cell.trim();
  return (
    name.length > 0 && name.length <= LONGEST_HEADING && !/[.!?:;]$|[.!?] /.test(name) && !/\n/.test(name)
  );
}

/** Cells by RFC 4180: quotes hold separators and lines, two of them are one. Null where a quote never ends. */
function split(text: string, separator: string): string[][] | null {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const one = text[at];
    if (isQuoted) {
      if (one !== '"') cell += one;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (one === '"' && cell === "") isQuoted = true;
    else if (one === separator) {
      row.push(cell);
      cell = "";
    } else if (one === "\n") {
      row.push(cell.replace(/\r$/, ""));
      rows.push(row);
      row = [];
      cell = "";
    } else cell += one;
  }
  if (isQuoted) return null;
  if (cell !== "" || row.length > 0) rows.push([...row, cell]);
  return rows.filter((cells) => cells.some((one) => one !== ""));
}
