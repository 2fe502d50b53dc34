import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { DockerfileParser, type Copy, type Instruction } from "dockerfile-ast";

/** The repository's root, which is the context of the build; seen from dist/test/support. */
export const CONTEXT = fileURLToPath(new URL("../../../..", import.meta.url));
const FILE = path.join(CONTEXT, "service/ops/Dockerfile");

export const DOCKERFILE = readFileSync(FILE, "utf8");

export interface CopyStep {
  /** The stage that it copies from; undefined for the context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly destination: string;
}

export interface Stage {
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
  readonly copies: readonly CopyStep[];
}

export function readStages(): Stage[] {
  const instructions = DockerfileParser.parse(DOCKERFILE).getInstructions();
  const starts = instructions.flatMap((step, i) => (step.getKeyword() === "FROM" ? [i] : []));
  return starts.map((start, i) => {
    const stage = instructions.slice(start, starts[i + 1]);
    const copies = stage.filter((step) => step.getKeyword() === "COPY") as Copy[];
    const name = /\bAS (\w+)/i.exec(stage[0]!.getRawArgumentsContent() ?? "")?.[1];
    return { name, instructions: stage, copies: copies.map(readCopy) };
  });
}

function readCopy(copy: Copy): CopyStep {
  const from = copy.getFromFlag()?.getValue() ?? undefined;
  const words = copy.getArguments().map((argument) => argument.getValue());
  return { from, sources: words.slice(0, -1), destination: words.at(-1)! };
}

/** The arguments of a stage's only instruction of a kind. */
export function argumentsOf(stage: Stage, keyword: string): string {
  const found = stage.instructions.filter((step) => step.getKeyword() === keyword);
  if (found.length !== 1) throw new Error(`${found.length} times ${keyword}`);
  return found[0]!.getArgumentsContent()!;
}

/** Lays out in a folder, as if it were `/`, what a stage copies; from the clone in place of `/app`. */
export function layOut(stage: Stage, root: string, skip: (source: string) => boolean): void {
  let folder = "/";
  for (const step of stage.instructions) {
    if (step.getKeyword() === "WORKDIR") folder = step.getArgumentsContent()!;
    if (step.getKeyword() !== "COPY") continue;
    const { from, sources, destination } = readCopy(step as Copy);
    const target = path.join(root, path.resolve(folder, destination));
    for (const source of sources.filter((name) => !skip(name))) {
      const origin = path.join(CONTEXT, from ? path.relative("/app", source) : source);
      copyInto(origin, target, destination.endsWith("/"));
    }
  }
}

function copyInto(origin: string, target: string, intoFolder: boolean): void {
  for (const file of filesLike(origin)) {
    const to = intoFolder ? path.join(target, path.basename(file)) : target;
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(file, to, { recursive: true });
  }
}

/** The files that a path with one `*` in its last part means. */
function filesLike(origin: string): string[] {
  const [start, end] = path.basename(origin).split("*") as [string, string?];
  if (end === undefined) return [origin];
  const folder = path.dirname(origin);
  const names = readdirSync(folder).filter((name) => name.startsWith(start) && name.endsWith(end));
  return names.map((name) => path.join(folder, name));
}
