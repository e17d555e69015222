/** `apply`: functions of a user's own over blocks of arrays, with a signature as NumPy's generalized ufuncs have it. Pure. */
import { DaosError } from "../../errors.ts";
import { checkDType, type DType } from "../dtype.ts";
import { broadcastShapes } from "../ndarray.ts";
import type { ApplyNode, Node } from "./node.ts";

/** How a function is applied. */
export interface ApplyOptions<D extends DType = DType> {
  /**
   * The axes that each block has whole, such as `"(n),(n)->()"`: the last axes of each input and of the result, named.
   * Default: none, `"(),()->()"`. Lengths of names that no input has are told by `sizes`.
   */
  readonly signature?: string | undefined;
  /** The dtype of the result; default that of the first input. */
  readonly dtype?: D | undefined;
  /** Lengths of axes that only the result has. */
  readonly sizes?: { readonly [name: string]: number } | undefined;
}

/** The expression. */
export function applyNode(fn: ApplyNode["fn"], operands: readonly Node[], o: ApplyOptions): Node {
  const [inputs, result] = parseSignature(o.signature, operands.length);
  const sizes = new Map(Object.entries(o.sizes ?? {}));
  const loops = operands.map(({ shape }, i) => {
    const names = inputs[i]!;
    if (shape.length < names.length)
      throw new DaosError("DER_INVAL", "shapes do not match", {
        detail: `input ${i + 1} of apply has the shape [${shape}] and needs the axes (${names.join(",")})`,
      });
    const at = shape.length - names.length;
    names.forEach((name, axis) => {
      const length = shape[at + axis]!;
      if ((sizes.get(name) ?? length) !== length)
        throw new DaosError("DER_INVAL", "shapes do not match", {
          detail: `axis ${name} of apply has the lengths ${sizes.get(name)} and ${length}`,
        });
      sizes.set(name, length);
    });
    return shape.slice(0, at);
  });
  const core = result.map((name) => {
    const length = sizes.get(name);
    if (length === undefined)
      throw new TypeError(`no input of apply has an axis ${name}: give its length, { sizes: { ${name}: 1 } }`);
    return length;
  });
  const dtype = o.dtype ?? operands[0]!.dtype;
  checkDType(dtype);
  return {
    type: "apply",
    dtype,
    shape: [...broadcastShapes(...loops), ...core],
    fn,
    operands,
    core: inputs.map(({ length }) => length),
    resultCore: core.length,
  };
}

/** The names of the axes of each input, and those of the result. */
function parseSignature(signature: string | undefined, count: number): [string[][], string[]] {
  if (signature === undefined) return [Array.from({ length: count }, () => []), []];
  const group = String.raw`\(\s*(?:\w+\s*(?:,\s*\w+\s*)*)?\)`;
  const text = String(signature).trim();
  if (!new RegExp(String.raw`^${group}(?:\s*,\s*${group})*\s*->\s*${group}$`).test(text))
    throw new TypeError(`the signature of apply is such as "(n),(n)->()", not ${JSON.stringify(signature)}`);
  const groups = [...text.matchAll(/\(([^)]*)\)/g)].map(([, names]) =>
    names!
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
  );
  const result = groups.pop()!;
  if (groups.length !== count)
    throw new TypeError(`the signature of apply, ${text}, has ${groups.length} inputs; ${count} are given`);
  return [groups, result];
}
