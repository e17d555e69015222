/** Finds the code in the documentation: blocks of Markdown pages and the examples of doc comments. Pure. */

/** A block of code. */
export interface Block {
  /** The page or source file, relative to the repository. */
  readonly file: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  /** What follows the three backticks, such as `ts`. */
  readonly language: string;
  readonly code: string;
  /** The text of an HTML comment on the line before, such as `continues`. */
  readonly marker: string | undefined;
}

/** The blocks of a Markdown page. */
export function markdownBlocks(file: string, text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const opening = /^(\s*)```(\w+)/.exec(lines[i]!);
    if (opening === null) continue;
    const [, indent, language] = opening;
    const end = lines.findIndex((line, n) => n > i && line.trim() === "```");
    if (end === -1) throw new Error(`${file}:${i + 1}: a block without an end`);
    const code = lines.slice(i + 1, end).map((line) => line.slice(indent!.length));
    const marker = /^\s*<!-- (.*) -->$/.exec(lines[i - 1] ?? "")?.[1];
    blocks.push({ file, line: i + 2, language: language!, code: code.join("\n"), marker });
    i = end;
  }
  return blocks;
}

/** The examples in the doc comments of a source file. */
export function commentBlocks(file: string, text: string): Block[] {
  const comments = text.split("\n").map((line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? "");
  return markdownBlocks(file, comments.join("\n"));
}

/** A program made of blocks: one, or one and those that continue it. */
export interface Program {
  readonly file: string;
  readonly line: number;
  /** Each line of code stands in the line where the page has it, so that the compiler's words lead there. */
  readonly code: string;
}

/** The programs of a file's `ts` blocks; a block that continues another is a program with what it continues. */
export function programs(blocks: readonly Block[]): Program[] {
  const all: Program[] = [];
  for (const { file, line, language, code, marker } of blocks) {
    if (language !== "ts") continue;
    const before = marker === "continues" ? all.pop() : undefined;
    if (marker === "continues" && before === undefined) throw new Error(`${file}:${line}: continues nothing`);
    const start = before?.code ?? "";
    const gap = "\n".repeat(line - 1 - (start.match(/\n/g)?.length ?? 0));
    all.push({ file, line: before?.line ?? line, code: start + gap + code });
  }
  return all;
}

/** What a program says that it prints: the texts of its comments `// → text`. */
export function announced(program: Program): string[] {
  return [...program.code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text!);
}

/** The anchors of a Markdown page: its headings as GitHub makes links of them. */
export function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((h) =>
      h
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** The files of the repository that a page names in code spans, such as `src/errors.ts`; patterns left out. */
export function namedFiles(text: string): string[] {
  const spans = [...text.matchAll(/`((?:src|test|docs|bench|examples|scripts|bin|\.ci)\/[^`\s]*)`/g)];
  return spans.map(([, path]) => path!).filter((path) => !/[<>*]/.test(path));
}

/** The targets of a page's relative links, code left out. */
export function relativeLinks(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter((t) => !/^[a-z]+:/.test(t));
}
