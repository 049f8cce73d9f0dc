// Where the files that values name are had from: one's own, or those that somebody shows by a link.

import { createContext } from "react";
import { api } from "@/shared/api/client";

export interface FileFacts {
  name: string;
  media_type: string;
  size_bytes: number;
}

export interface FileSource {
  /** What its queries are kept under. */
  key: string;
  facts(id: string): Promise<FileFacts>;
  url(id: string): string;
}

const OWN: FileSource = {
  key: "own",
  facts: (id) => api("GET /api/v1/files/{file_id}", { path: { file_id: id } }),
  url: (id) => `/api/v1/files/${id}/content`,
};

export const Files = createContext<FileSource>(OWN);
