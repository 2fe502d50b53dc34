import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const { resolve } = createRequire(import.meta.url);

/** What the page loads, by the names that it has there; whole files of npm packages. */
const FILES = {
  "react.js": "react/umd/react.production.min.js",
  "react-dom.js": "react-dom/umd/react-dom.production.min.js",
  "graphiql.js": "graphiql/graphiql.min.js",
  "graphiql.css": "graphiql/graphiql.min.css",
} as const;

/** Whether there is a page to try requests on. Its packages are for development: the image does not hold them. */
export function isInstalled(): boolean {
  try {
    return Object.values(graphiqlFiles()).every((file) => existsSync(file));
  } catch {
    return false;
  }
}

/** Where the files are. @throws {Error} if a package is not installed. */
export function graphiqlFiles(): Record<keyof typeof FILES, string> {
  const entries = Object.entries(FILES).map(([name, file]) => {
    const [folder = "", ...inside] = file.split("/");
    // Not by the file's own name, which a package need not export.
    return [name, path.join(path.dirname(resolve(`${folder}/package.json`)), ...inside)];
  });
  return Object.fromEntries(entries) as Record<keyof typeof FILES, string>;
}
