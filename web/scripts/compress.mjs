// Writes file.br and file.gz beside every file of the build that gets smaller by it: the server sends them as they are.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const built = fileURLToPath(new URL("../../src/autograph/api/page/built/", import.meta.url));
const MIN_BYTES = 1024;

for (const entry of readdirSync(built, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(m?js|css|html|svg|json|webmanifest)$/.test(entry.name)) continue;
  const file = `${entry.parentPath}/${entry.name}`;
  const plain = readFileSync(file);
  if (plain.length < MIN_BYTES) continue;
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  writeFileSync(`${file}.br`, brotliCompressSync(plain, quality));
  writeFileSync(`${file}.gz`, gzipSync(plain, { level: 9 }));
}
